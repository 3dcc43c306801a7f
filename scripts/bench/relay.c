/*
 * The relay of programs/relay.ts in C: what the kernel can do at best with the same bytes, without Node.
 * Each chunk that comes from a sender goes to its receivers as it is; nothing is parsed or kept.
 *
 * relay <fan-out> <path>: listens on a TCP port of the loop-back interface, which it prints, and on the Unix
 * socket. The first byte of a connection is its role: s sends, r receives, b gets back what it sends; it is
 * answered with a dot. A sender's chunks go to that many receivers each, the next chunk to the next ones.
 *
 * One thread that waits with poll. Writes block: a sender is not read while one of its receivers is full.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_CONNECTIONS 4096
#define LISTENERS 2
#define CHUNK (64 * 1024)
#define NO_ROLE 0

static struct pollfd polled[MAX_CONNECTIONS];
static char roles[MAX_CONNECTIONS];
static int count = 0;
/* Places of the receivers in `polled`. */
static int receivers[MAX_CONNECTIONS];
static int receiver_count = 0;
static int next_receiver = 0;
static char chunk[CHUNK];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void add(int fd) {
  if (count == MAX_CONNECTIONS) {
    close(fd);
    return;
  }
  polled[count].fd = fd;
  polled[count].events = POLLIN;
  polled[count].revents = 0;
  roles[count++] = NO_ROLE;
}

static void find_receivers(void) {
  receiver_count = 0;
  next_receiver = 0;
  for (int i = LISTENERS; i < count; i++)
    if (roles[i] == 'r') receivers[receiver_count++] = i;
}

/* A connection that breaks ends no other one: what is left of its chunk is dropped. */
static void write_all(int fd, const char *bytes, ssize_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, (size_t)length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes += written;
    length -= written;
  }
}

static void relay(ssize_t length, int fan_out) {
  int copies = fan_out < receiver_count ? fan_out : receiver_count;
  for (int i = 0; i < copies; i++)
    write_all(polled[receivers[(next_receiver + i) % receiver_count]].fd, chunk, length);
  if (receiver_count > 0) next_receiver = (next_receiver + copies) % receiver_count;
}

static void take_role(int place) {
  if (read(polled[place].fd, &roles[place], 1) != 1) return;
  if (roles[place] == 'r') find_receivers();
  write_all(polled[place].fd, ".", 1);
}

/* Returns 0 when the connection has ended. */
static int take_chunk(int place, int fan_out) {
  ssize_t length = read(polled[place].fd, chunk, CHUNK);
  if (length <= 0) return length < 0 && errno == EINTR;
  if (roles[place] == 'b') write_all(polled[place].fd, chunk, length);
  else if (roles[place] == 's') relay(length, fan_out);
  return 1;
}

static void leave(int place) {
  close(polled[place].fd);
  count--;
  polled[place] = polled[count];
  roles[place] = roles[count];
  find_receivers();
}

static void serve(int place, int fan_out) {
  if (place < LISTENERS) {
    int fd = accept(polled[place].fd, NULL, NULL);
    int on = 1;
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* Refused by Unix sockets, which have no delay. */
    add(fd);
  } else if (roles[place] == NO_ROLE) {
    take_role(place);
    if (roles[place] == NO_ROLE) leave(place);
  } else if (!take_chunk(place, fan_out)) {
    leave(place);
  }
}

static int listen_at(int family, const void *address, socklen_t length) {
  int fd = socket(family, SOCK_STREAM, 0);
  if (fd < 0 || bind(fd, address, length) < 0 || listen(fd, 1024) < 0) fail("listen");
  return fd;
}

int main(int argc, char **argv) {
  struct sockaddr_in tcp = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_un local = {.sun_family = AF_UNIX};
  socklen_t length = sizeof tcp;
  if (argc != 3 || strlen(argv[2]) >= sizeof local.sun_path) {
    fprintf(stderr, "relay <fan-out> <path>\n");
    return 1;
  }
  int fan_out = atoi(argv[1]);
  strcpy(local.sun_path, argv[2]);
  signal(SIGPIPE, SIG_IGN);
  add(listen_at(AF_INET, &tcp, sizeof tcp));
  add(listen_at(AF_UNIX, &local, sizeof local));
  if (getsockname(polled[0].fd, (struct sockaddr *)&tcp, &length) < 0) fail("getsockname");
  printf("relay at 127.0.0.1:%d\n", ntohs(tcp.sin_port));
  fflush(stdout);
  for (;;) {
    if (poll(polled, (nfds_t)count, -1) < 0 && errno != EINTR) fail("poll");
    /* From the end: a connection that leaves gives its place to one that has been served. */
    for (int i = count - 1; i >= 0; i--)
      if (polled[i].revents != 0) serve(i, fan_out);
  }
}
