# For a path that forgets a connection after 60 s of idleness: first probe after
# 15 s, then every 15 s, 24 in all.
# The hook covers every outbound TCP connection that JavaScript opens, in every
# Node program that gets NODE_OPTIONS.
# The sysctls cover sockets of any language that have keepalive on and set no
# times of their own; they switch it on for nobody. They belong to the
# container's network, so --network host and --network container: refuse them.
# Not covered: native clients that leave keepalive off, idle limits of layer 7
# (load balancers and proxies that count data only), and data that nobody
# acknowledges.
# The image has to hold the package at /opt/nat-keepalive, such as a copy of
# node_modules/nat-keepalive. Where NODE_OPTIONS has a value already, put both
# into one: the last one that is set wins.
docker run \
  --sysctl net.ipv4.tcp_keepalive_time=15 \
  --sysctl net.ipv4.tcp_keepalive_intvl=15 \
  --sysctl net.ipv4.tcp_keepalive_probes=24 \
  -e NODE_OPTIONS=--require=/opt/nat-keepalive/register.js \
  -e NAT_KEEPALIVE_LIMIT=1m \
  -e 'NAT_KEEPALIVE_EXCLUDE=*.internal,[fd00::1]:443' \
  your-image
