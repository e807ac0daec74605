# For a path that forgets a connection after 60 s of idleness: first probe after
# 15 s, then every 15 s, 24 in all.
# The hook covers every outbound TCP connection that JavaScript opens, in every
# Node program that gets NODE_OPTIONS.
# The sysctls cover sockets of any language that have keepalive on and set no
# times of their own; they switch it on for nobody. In the network mode awsvpc
# they hold for all containers of the task, so they are set in one.
# Not covered: native clients that leave keepalive off, idle limits of layer 7
# (load balancers and proxies that count data only), and data that nobody
# acknowledges.
# The image has to hold the package at /opt/nat-keepalive, such as a copy of
# node_modules/nat-keepalive. Where NODE_OPTIONS has a value already, put both
# into one: the last one that is set wins.
resource "aws_ecs_task_definition" "your_task" {
  family                   = "your-task"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = 256
  memory                   = 512
  container_definitions = jsonencode([{
    name      = "app"
    image     = "your-image"
    essential = true
    environment = [
      {
        name  = "NODE_OPTIONS"
        value = "--require=/opt/nat-keepalive/register.js"
      },
      {
        name  = "NAT_KEEPALIVE_LIMIT"
        value = "1m"
      },
      {
        name  = "NAT_KEEPALIVE_EXCLUDE"
        value = "*.internal,[fd00::1]:443"
      },
    ]
    systemControls = [
      {
        namespace = "net.ipv4.tcp_keepalive_time"
        value     = "15"
      },
      {
        namespace = "net.ipv4.tcp_keepalive_intvl"
        value     = "15"
      },
      {
        namespace = "net.ipv4.tcp_keepalive_probes"
        value     = "24"
      },
    ]
  }])
}
