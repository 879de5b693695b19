// The limits to compare with, in C: a WebSocket server on which all get what one socket sends. `each`: one write per delivery.
// `batch`: what all sockets sent in one turn of epoll is joined, and each socket gets it in one write. It checks nobody, and
// answers every upgrade with the key that the load generator always sends. Prints its port; serves until stdin ends.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT = 16384, EVENTS = 1024, TURN = 1 << 24, MOST = 65536 };

static const char UPGRADE[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Accept: BACScCJPNqyz+UBoqMH89VmURoA=\r\n\r\n";

struct client {
  int fd, upgraded, place;
  size_t held, waiting;
  unsigned char in[INPUT], *out;
};

static struct client *clients[MOST];
static int count, poll_fd, joins;
static unsigned char turn[TURN];
static size_t joined;

static void watch(struct client *to, int operation) {
  struct epoll_event event = {.events = to->waiting ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = to};
  epoll_ctl(poll_fd, operation, to->fd, &event);
}

/** What the kernel does not take now waits, and is sent when it does. */
static void put(struct client *to, const unsigned char *bytes, size_t length) {
  ssize_t sent = to->waiting ? 0 : send(to->fd, bytes, length, MSG_NOSIGNAL);
  if (sent < 0) sent = 0;
  if ((size_t)sent == length) return;
  to->out = realloc(to->out, to->waiting + length - sent);
  memcpy(to->out + to->waiting, bytes + sent, length - sent);
  to->waiting += length - sent;
  watch(to, EPOLL_CTL_MOD);
}

static void put_waiting(struct client *to) {
  ssize_t sent = send(to->fd, to->out, to->waiting, MSG_NOSIGNAL);
  if (sent <= 0) return;
  to->waiting -= sent;
  memmove(to->out, to->out + sent, to->waiting);
  if (!to->waiting) watch(to, EPOLL_CTL_MOD);
}

static void flush(void) {
  for (int i = 0; joined && i < count; i++)
    if (clients[i]->upgraded) put(clients[i], turn, joined);
  joined = 0;
}

/** To all, without its mask: now, or at the end of the turn. */
static void deliver(const unsigned char *mask, const unsigned char *text, size_t length) {
  if (joined + length + 4 > TURN) flush();
  turn[joined++] = 0x81;
  if (length < 126) {
    turn[joined++] = length;
  } else {
    turn[joined++] = 126;
    turn[joined++] = length >> 8;
    turn[joined++] = length;
  }
  for (size_t i = 0; i < length; i++) turn[joined++] = text[i] ^ mask[i & 3];
  if (!joins) flush();
}

/** Whole frames of text; returns the bytes used. */
static size_t frames(const unsigned char *in, size_t held) {
  size_t at = 0;
  for (;;) {
    if (held - at < 6) return at;
    size_t length = in[at + 1] & 127, head = 6;
    if (length == 126) length = in[at + 2] << 8 | in[at + 3], head = 8;
    if (held - at < head + length) return at;
    if ((in[at] & 15) == 1) deliver(in + at + head - 4, in + at + head, length);
    at += head + length;
  }
}

static void end(struct client *one) {
  close(one->fd);
  clients[one->place] = clients[--count];
  clients[one->place]->place = one->place;
  free(one->out);
  free(one);
}

static int take(struct client *from) {
  ssize_t length = recv(from->fd, from->in + from->held, INPUT - from->held, 0);
  if (length < 0 && errno == EAGAIN) return 1;
  if (length <= 0) return 0;
  from->held += length;
  size_t used = 0;
  if (!from->upgraded) {
    unsigned char *head = memmem(from->in, from->held, "\r\n\r\n", 4);
    if (!head) return from->held < INPUT;
    used = head + 4 - from->in;
    put(from, (const unsigned char *)UPGRADE, sizeof UPGRADE - 1);
    from->upgraded = 1;
  }
  used += frames(from->in + used, from->held - used);
  from->held -= used;
  memmove(from->in, from->in + used, from->held);
  return from->held < INPUT;
}

static void greet(int listener) {
  int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK), on = 1;
  if (fd < 0) return;
  struct client *one = count < MOST ? calloc(1, sizeof *one) : NULL;
  if (!one) {
    close(fd);
    return;
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  one->fd = fd;
  one->place = count;
  clients[count++] = one;
  watch(one, EPOLL_CTL_ADD);
}

int main(int argc, char **argv) {
  joins = argc > 1 && !strcmp(argv[1], "batch");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), input = 0;
  poll_fd = epoll_create1(0);
  if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) return 1;
  getsockname(listener, (struct sockaddr *)&address, &size);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listener}, events[EVENTS];
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event);
  event.data.ptr = &input;
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, 0, &event);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    int ready = epoll_wait(poll_fd, events, EVENTS, -1);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.ptr == &input) return 0;
      if (events[i].data.ptr == &listener) {
        greet(listener);
        continue;
      }
      struct client *one = events[i].data.ptr;
      if (events[i].events & EPOLLOUT) put_waiting(one);
      if (events[i].events & ~EPOLLOUT && !take(one)) end(one);
    }
    flush();
  }
}
