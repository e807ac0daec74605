/*
 * The native part of nat-keepalive: what Linux lets a process do with TCP sockets, and Node does not
 * offer. Its only caller is src/kernel/native.ts, which says what each function is for.
 *
 * It is freestanding: raw system calls and Node-API, no C library (of whose headers only constants
 * and structures are used), so that one file for each processor serves glibc, musl, and every Node
 * since 18. It allocates nothing, keeps no state, calls nothing back and waits for nobody. It writes
 * into no memory but its own stack and typed arrays, whose type and length are checked just before.
 * Each function makes the few system calls that it shows, with checked numbers, and returns 0 or
 * more, or the negative number of an error: -EINVAL for arguments that are not what it takes.
 */
#include <asm/ioctls.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>

typedef unsigned long word;

/* What is used of Node-API, https://nodejs.org/api/n-api.html: the only symbols taken from others. */
typedef struct napi_env_ *napi_env;
typedef struct napi_value_ *napi_value;
typedef struct napi_info_ *napi_info;
typedef napi_value (*napi_callback)(napi_env, napi_info);
enum { NAPI_OK = 0, NAPI_UINT8_ARRAY = 1, NAPI_UINT32_ARRAY = 6 };
int napi_get_cb_info(napi_env, napi_info, word *, napi_value *, napi_value *, void **);
int napi_get_value_double(napi_env, napi_value, double *);
int napi_get_typedarray_info(napi_env, napi_value, int *, word *, void **, napi_value *, word *);
int napi_create_int32(napi_env, int, napi_value *);
int napi_create_function(napi_env, const char *, word, napi_callback, void *, napi_value *);
int napi_set_named_property(napi_env, napi_value, const char *, napi_value);

/* A system call, syscall(2): the result, or the negative number of an error. */
static long call(word which, word a, word b, word c, word d, word e, word f)
{
#if defined(__x86_64__) && defined(__LP64__)
  register word fourth __asm__("r10") = d;
  register word fifth __asm__("r8") = e;
  register word sixth __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(which), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__) && defined(__LP64__) && defined(__AARCH64EL__)
  register word number __asm__("x8") = which;
  register word first __asm__("x0") = a;
  register word second __asm__("x1") = b;
  register word third __asm__("x2") = c;
  register word fourth __asm__("x3") = d;
  register word fifth __asm__("x4") = e;
  register word sixth __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(first)
                   : "r"(number), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
                   : "memory");
  return (long)first;
#else
#error "The native part is for x86_64 and aarch64."
#endif
}

/* The arguments of one call from JavaScript; those that were not given are undefined. */
struct arguments {
  napi_env env;
  napi_value at[6];
};

/* Whether argument `n` is a whole number from `least` to `most`: no NaN, no BigInt, no string. */
static int whole(const struct arguments *given, int n, int least, int most, int *value)
{
  double number;
  if (napi_get_value_double(given->env, given->at[n], &number) != NAPI_OK) return 0;
  if (!(number >= least && number <= most)) return 0;
  *value = (int)number;
  return *value == number;
}

static int descriptor(const struct arguments *given, int n, int *fd)
{
  return whole(given, n, 0, 0x7fffffff, fd);
}

/* The memory of argument `n`, if it is a typed array of the type with `least` elements or more. */
static void *array(const struct arguments *given, int n, int type, word least, word *length)
{
  int found = -1;
  void *memory = 0;
  int status = napi_get_typedarray_info(given->env, given->at[n], &found, length, &memory, 0, 0);
  return status == NAPI_OK && found == type && *length >= least ? memory : 0;
}

/* An option that is an int. */
static long get(int fd, int level, int option, int *value)
{
  unsigned size = sizeof *value;
  return call(SYS_getsockopt, (word)fd, (word)level, (word)option, (word)value, (word)&size, 0);
}

static long set(int fd, int level, int option, int value)
{
  word size = sizeof value;
  return call(SYS_setsockopt, (word)fd, (word)level, (word)option, (word)&value, size, 0);
}

/* 0 if the descriptor is a socket of the protocol, and of one of the two families. */
static long check(int fd, int protocol, int family, int other)
{
  int value = 0;
  long failed = get(fd, SOL_SOCKET, SO_PROTOCOL, &value);
  if (!failed && value != protocol) failed = -EPROTONOSUPPORT;
  if (!failed) failed = get(fd, SOL_SOCKET, SO_DOMAIN, &value);
  return failed || value == family || value == other ? failed : -EPROTONOSUPPORT;
}

/*
 * Writes an option only where it differs, and nothing for -1. To write TCP_KEEPIDLE again, even the
 * same, starts the timer anew from the silence so far (tcp_sock_set_keepidle_locked(), Linux
 * net/ipv4/tcp.c): where that is longer, a probe goes out at once. On a path that does not answer
 * just now each of them is one more unanswered probe, and the connection dies the sooner.
 */
static long adjust(int fd, int option, int value)
{
  int current = 0;
  long failed = value < 0 ? 0 : get(fd, IPPROTO_TCP, option, &current);
  return failed || value < 0 || current == value ? failed : set(fd, IPPROTO_TCP, option, value);
}

/*
 * setKeepalive(fd, on, idleSeconds, intervalSeconds, probes, userTimeoutMs), of a TCP socket only.
 *
 * The number of probes comes first, so that one that grows is there in time. Where keepalive was
 * off, TCP_KEEPIDLE is written after SO_KEEPALIVE and in any case: only then does the silence so far
 * count, and the first probe is not put off by a whole delay from now.
 */
static long set_keepalive(const struct arguments *given)
{
  int fd, on, idle, interval, probes, timeout, was = 0;
  if (!descriptor(given, 0, &fd) || !whole(given, 1, 0, 1, &on) ||
      !whole(given, 2, -1, 32767, &idle) || !whole(given, 3, -1, 32767, &interval) ||
      !whole(given, 4, -1, 127, &probes) || !whole(given, 5, -1, 0x7fffffff, &timeout) ||
      idle == 0 || interval == 0 || probes == 0)
    return -EINVAL;
  long failed = check(fd, IPPROTO_TCP, AF_INET, AF_INET6);
  if (!failed) failed = get(fd, SOL_SOCKET, SO_KEEPALIVE, &was);
  if (!failed && was && !on) failed = set(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
  if (!failed) failed = adjust(fd, TCP_KEEPCNT, probes);
  if (!failed) failed = adjust(fd, TCP_KEEPINTVL, interval);
  if (!failed) failed = adjust(fd, TCP_USER_TIMEOUT, timeout);
  if (failed) return failed;
  if (was || !on) return adjust(fd, TCP_KEEPIDLE, idle);
  if (idle < 0) failed = get(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle);
  if (!failed) failed = set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  return failed ? failed : set(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
}

/* What readSocket() writes, in 32-bit words; src/kernel/socket-facts.ts has the same places. */
struct facts {
  int keepalive, idle_seconds, interval_seconds, probes, user_timeout_ms;
  int unacknowledged; /* bytes that were written and not acknowledged, of which not all were sent */
  unsigned cookie[2]; /* low and high half; 0 where the kernel has none */
  unsigned local[7];  /* struct sockaddr_in or sockaddr_in6, and zeros behind it */
  unsigned remote[7]; /* only zeros where it is not connected */
  unsigned spare[2];
  unsigned info[40]; /* the first 160 bytes of struct tcp_info, zeros behind what the kernel has */
};
enum { WORDS = 64 };
_Static_assert(sizeof(struct facts) == WORDS * 4, "the layout is what the comment says");

/*
 * readSocket(fd, words), a Uint32Array of 64 or more. Changes nothing. It is -ENOTSOCK for what is no
 * socket, -EPROTONOSUPPORT for a socket that is not TCP.
 */
static long read_socket(const struct arguments *given)
{
  int fd;
  word length;
  if (!descriptor(given, 0, &fd)) return -EINVAL;
  unsigned *words = array(given, 1, NAPI_UINT32_ARRAY, WORDS, &length);
  if (words == 0) return -EINVAL;
  for (int i = 0; i < WORDS; i++) words[i] = 0;
  struct facts *facts = (struct facts *)words;
  long failed = check(fd, IPPROTO_TCP, AF_INET, AF_INET6);
  if (!failed) failed = get(fd, SOL_SOCKET, SO_KEEPALIVE, &facts->keepalive);
  if (!failed) failed = get(fd, IPPROTO_TCP, TCP_KEEPIDLE, &facts->idle_seconds);
  if (!failed) failed = get(fd, IPPROTO_TCP, TCP_KEEPINTVL, &facts->interval_seconds);
  if (!failed) failed = get(fd, IPPROTO_TCP, TCP_KEEPCNT, &facts->probes);
  if (!failed) failed = get(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &facts->user_timeout_ms);
  unsigned size = sizeof facts->info;
  word at = (word)facts->info;
  if (!failed) failed = call(SYS_getsockopt, (word)fd, IPPROTO_TCP, TCP_INFO, at, (word)&size, 0);
  size = sizeof facts->local;
  at = (word)facts->local;
  if (!failed) failed = call(SYS_getsockname, (word)fd, at, (word)&size, 0, 0, 0);
  if (failed) return failed;
  /* What the rest cannot tell, of this socket or in this kernel, stays 0. */
  size = sizeof facts->remote;
  call(SYS_getpeername, (word)fd, (word)facts->remote, (word)&size, 0, 0, 0);
  size = sizeof facts->cookie;
  at = (word)facts->cookie;
  call(SYS_getsockopt, (word)fd, SOL_SOCKET, SO_COOKIE, at, (word)&size, 0);
  call(SYS_ioctl, (word)fd, SIOCOUTQ, (word)&facts->unacknowledged, 0, 0, 0);
  return 0;
}

/*
 * openDump(family, states): a new descriptor, from which receiveDump() gets the TCP sockets of the
 * network namespace in these states (bits: 1 << TCP_ESTABLISHED), with their timers and struct
 * tcp_info, sock_diag(7).
 */
static long open_dump(const struct arguments *given)
{
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 wanted;
  } request = { { sizeof request, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 0, 0 },
                { .sdiag_protocol = IPPROTO_TCP, .idiag_ext = 1 << (INET_DIAG_INFO - 1) } };
  struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
  int family, states;
  if (!whole(given, 0, AF_INET, AF_INET6, &family) || !whole(given, 1, 0, 0xffff, &states) ||
      (family != AF_INET && family != AF_INET6))
    return -EINVAL;
  request.wanted.sdiag_family = (unsigned char)family;
  request.wanted.idiag_states = (unsigned)states;
  word type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  long fd = call(SYS_socket, AF_NETLINK, type, NETLINK_SOCK_DIAG, 0, 0, 0);
  if (fd < 0) return fd;
  long sent = call(SYS_sendto, (word)fd, (word)&request, sizeof request, MSG_DONTWAIT,
                   (word)&kernel, sizeof kernel);
  if (sent == sizeof request) return fd;
  call(SYS_close, (word)fd, 0, 0, 0, 0, 0);
  return sent < 0 ? sent : -EMSGSIZE;
}

/*
 * receiveDump(fd, bytes): how many bytes of whole netlink messages it put into a Uint8Array of 8192
 * or more; -EMSGSIZE where a message was longer than the array. It refuses every descriptor but one
 * of openDump(): to receive is to take from whoever the data was for.
 */
static long receive_dump(const struct arguments *given)
{
  struct sockaddr_nl from = { 0 };
  unsigned size = sizeof from;
  int fd;
  word length;
  if (!descriptor(given, 0, &fd)) return -EINVAL;
  void *bytes = array(given, 1, NAPI_UINT8_ARRAY, 8192, &length);
  if (bytes == 0) return -EINVAL;
  if (length > 1 << 20) length = 1 << 20;
  long failed = check(fd, NETLINK_SOCK_DIAG, AF_NETLINK, AF_NETLINK);
  if (failed) return failed;
  long received = call(SYS_recvfrom, (word)fd, (word)bytes, length, MSG_DONTWAIT | MSG_TRUNC,
                       (word)&from, (word)&size);
  if (received > (long)length) return -EMSGSIZE;
  /* The kernel is port 0. A process with the right to may write here too, and is not believed. */
  return received > 0 && from.nl_pid != 0 ? -EBADMSG : received;
}

/* closeDump(fd): closes a descriptor of openDump(), and refuses every other. */
static long close_dump(const struct arguments *given)
{
  int fd;
  if (!descriptor(given, 0, &fd)) return -EINVAL;
  long failed = check(fd, NETLINK_SOCK_DIAG, AF_NETLINK, AF_NETLINK);
  return failed ? failed : call(SYS_close, (word)fd, 0, 0, 0, 0, 0);
}

/* openProcess(pid): a new descriptor that stands for a process, pidfd_open(2). */
static long open_process(const struct arguments *given)
{
  int pid;
  return whole(given, 0, 1, 0x7fffffff, &pid) ? call(SYS_pidfd_open, (word)pid, 0, 0, 0, 0, 0)
                                              : -EINVAL;
}

/* takeDescriptor(process, fd): a new duplicate of a descriptor of that process, pidfd_getfd(2). */
static long take_descriptor(const struct arguments *given)
{
  int process, fd;
  if (!descriptor(given, 0, &process) || !descriptor(given, 1, &fd)) return -EINVAL;
  return call(SYS_pidfd_getfd, (word)process, (word)fd, 0, 0, 0, 0);
}

typedef long (*function)(const struct arguments *);

/* What Node calls for each of them, with the function as its data. */
static napi_value answer(napi_env env, napi_info info)
{
  struct arguments given = { .env = env };
  word count = sizeof given.at / sizeof given.at[0];
  void *data = 0;
  napi_value result = 0;
  if (napi_get_cb_info(env, info, &count, given.at, 0, &data) == NAPI_OK && data != 0)
    napi_create_int32(env, (int)((function)data)(&given), &result);
  return result;
}

static void offer(napi_env env, napi_value exports, const char *name, function function)
{
  napi_value value;
  if (napi_create_function(env, name, (word)-1, answer, (void *)function, &value) == NAPI_OK)
    napi_set_named_property(env, exports, name, value);
}

/* The loader looks for it in the file before it loads that. The number is that of the interface. */
__attribute__((used)) static const char identity[] = "nat-keepalive native part 1";

/* Node calls it once for each thread that loads the file. */
__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env,
                                                                          napi_value exports)
{
  offer(env, exports, "setKeepalive", set_keepalive);
  offer(env, exports, "readSocket", read_socket);
  offer(env, exports, "openDump", open_dump);
  offer(env, exports, "receiveDump", receive_dump);
  offer(env, exports, "closeDump", close_dump);
  offer(env, exports, "openProcess", open_process);
  offer(env, exports, "takeDescriptor", take_descriptor);
  return exports;
}
