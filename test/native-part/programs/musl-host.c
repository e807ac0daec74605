/*
 * musl-host FILE: a stand-in for a Node that is linked to musl, of which neither npm nor Debian has
 * one. It offers as much of Node-API as the native part uses, loads the file, and lets it work on a
 * connection of its own; getsockopt(2) of musl says whether that is true. Exits with 0 if all is.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A value is a number, or an array of `type`. */
typedef struct napi_value_ {
  double number;
  int type;
  size_t length;
  void *data;
} *napi_value;
typedef void *napi_env;
typedef struct napi_info_ {
  napi_value given;
  size_t count;
  void *data;
} *napi_info;
typedef napi_value (*napi_callback)(napi_env, napi_info);

enum { NUMBER = -1, UNDEFINED = -2, UINT8 = 1, UINT32 = 6, FUNCTIONS = 16 };

static struct { const char *name; napi_callback call; void *data; } functions[FUNCTIONS];
static int made;
static struct napi_value_ result, undefined = { 0, UNDEFINED, 0, 0 };

int napi_get_cb_info(napi_env env, napi_info info, size_t *count, napi_value *given, napi_value *this,
                     void **data)
{
  (void)env; (void)this;
  for (size_t n = 0; n < *count; n++) given[n] = n < info->count ? &info->given[n] : &undefined;
  *count = info->count;
  *data = info->data;
  return 0;
}

int napi_get_value_double(napi_env env, napi_value value, double *number)
{
  (void)env;
  *number = value->number;
  return value->type == NUMBER ? 0 : 6;
}

int napi_get_typedarray_info(napi_env env, napi_value value, int *type, size_t *length, void **data,
                             napi_value *buffer, size_t *offset)
{
  (void)env; (void)buffer; (void)offset;
  if (value->type < 0) return 1;
  *type = value->type;
  *length = value->length;
  *data = value->data;
  return 0;
}

int napi_create_int32(napi_env env, int number, napi_value *value)
{
  (void)env;
  result = (struct napi_value_){ number, NUMBER, 0, 0 };
  *value = &result;
  return 0;
}

int napi_create_function(napi_env env, const char *name, size_t length, napi_callback call, void *data,
                         napi_value *value)
{
  (void)env; (void)length;
  if (made == FUNCTIONS) return 1;
  functions[made].name = name;
  functions[made].call = call;
  functions[made++].data = data;
  *value = &undefined;
  return 0;
}

int napi_set_named_property(napi_env env, napi_value object, const char *name, napi_value value)
{
  (void)env; (void)object; (void)name; (void)value;
  return 0;
}

static int call(const char *name, struct napi_value_ *given, size_t count)
{
  for (int n = 0; n < made; n++) {
    if (strcmp(functions[n].name, name) != 0) continue;
    struct napi_info_ info = { given, count, functions[n].data };
    napi_value value = functions[n].call(0, &info);
    return value == 0 ? 1 << 30 : (int)value->number;
  }
  return 1 << 30;
}

#define NUMBER_OF(value) { (value), NUMBER, 0, 0 }
#define CALL(name, ...) \
  call(name, (struct napi_value_[]){ __VA_ARGS__ }, \
       sizeof((struct napi_value_[]){ __VA_ARGS__ }) / sizeof(struct napi_value_))

static int failures;

static void expect(const char *what, long found, long expected)
{
  if (found == expected) return;
  printf("%s is %ld and not %ld\n", what, found, expected);
  failures++;
}

static int option(int fd, int level, int name)
{
  int value = -1;
  socklen_t size = sizeof value;
  getsockopt(fd, level, name, &value, &size);
  return value;
}

int main(int count, char **given)
{
  void *file = dlopen(count > 1 ? given[1] : "", RTLD_LAZY);
  if (file == 0) return printf("%s\n", dlerror()), 1;
  napi_value (*start)(napi_env, napi_value);
  *(void **)&start = dlsym(file, "napi_register_module_v1");
  if (start == 0) return printf("%s\n", dlerror()), 1;
  start(0, &undefined);
  expect("the number of functions", made, 7);

  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(server, (struct sockaddr *)&address, size) || listen(server, 1) ||
      getsockname(server, (struct sockaddr *)&address, &size) ||
      connect(client, (struct sockaddr *)&address, size))
    return perror("no connection"), 1;

  expect("setKeepalive()",
         CALL("setKeepalive", NUMBER_OF(client), NUMBER_OF(1), NUMBER_OF(45), NUMBER_OF(15), NUMBER_OF(24),
              NUMBER_OF(90000)), 0);
  expect("SO_KEEPALIVE", option(client, SOL_SOCKET, SO_KEEPALIVE), 1);
  expect("TCP_KEEPIDLE", option(client, IPPROTO_TCP, TCP_KEEPIDLE), 45);
  expect("TCP_KEEPINTVL", option(client, IPPROTO_TCP, TCP_KEEPINTVL), 15);
  expect("TCP_KEEPCNT", option(client, IPPROTO_TCP, TCP_KEEPCNT), 24);
  expect("TCP_USER_TIMEOUT", option(client, IPPROTO_TCP, TCP_USER_TIMEOUT), 90000);

  static uint32_t words[64];
  struct napi_value_ facts = { 0, UINT32, 64, words };
  expect("readSocket()", CALL("readSocket", NUMBER_OF(client), facts), 0);
  for (int n = 0; n < 5; n++) expect("a word", words[n], (long[]){ 1, 45, 15, 24, 90000 }[n]);
  expect("the state", words[24] & 0xff, 1);
  expect("the port of the peer", ntohs((uint16_t)(words[15] >> 16)), ntohs(address.sin_port));

  static uint8_t bytes[32768];
  struct napi_value_ buffer = { 0, UINT8, sizeof bytes, bytes };
  int dump = CALL("openDump", NUMBER_OF(2), NUMBER_OF(2)), received = 0;
  if (dump < 0) return printf("openDump() is %d\n", dump), 1;
  int found = 0;
  while ((received = CALL("receiveDump", NUMBER_OF(dump), buffer)) > 0) {
    for (int at = 0; at < received; at += (*(int *)(bytes + at) + 3) & ~3)
      found |= *(uint16_t *)(bytes + at + 4) == 20 && memcmp(bytes + at + 16 + 44, words + 6, 8) == 0;
    if (*(uint16_t *)(bytes + 4) == 3) break;
  }
  expect("the connection in the dump", found, 1);
  expect("closeDump()", CALL("closeDump", NUMBER_OF(dump)), 0);

  int self = CALL("openProcess", NUMBER_OF(getpid()));
  int taken = CALL("takeDescriptor", NUMBER_OF(self), NUMBER_OF(client));
  expect("the duplicate", option(taken, IPPROTO_TCP, TCP_KEEPCNT), 24);
  expect("setKeepalive() of no socket",
         CALL("setKeepalive", NUMBER_OF(self), NUMBER_OF(1), NUMBER_OF(-1), NUMBER_OF(-1), NUMBER_OF(-1),
              NUMBER_OF(-1)), -ENOTSOCK);
  expect("readSocket() without an array", CALL("readSocket", NUMBER_OF(client)), -EINVAL);
  puts(failures == 0 ? "it works" : "it does not work");
  return failures != 0;
}
