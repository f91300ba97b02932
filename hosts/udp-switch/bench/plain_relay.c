/* The plainest relay, to compare with: what comes at a port goes out at another; nothing is looked at.
 *
 * usage: plain_relay STREAMS FIRST_PORT
 * Stream i: inputs at FIRST_PORT + 2i, which is passed on, and + 2i + 1, which is dropped; output at FIRST_PORT +
 * 2 * STREAMS + i. */

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static struct sockaddr_in at(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int streams = atoi(argv[1]), first = atoi(argv[2]);
  int out = socket(AF_INET, SOCK_DGRAM, 0), epoll = epoll_create1(0), buffer = 1 << 20;
  int *sockets = calloc((size_t)streams * 2, sizeof *sockets);
  for (int i = 0; i < streams * 2; i++) {
    struct sockaddr_in address = at(first + i);
    sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    setsockopt(sockets[i], SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    if (bind(sockets[i], (struct sockaddr *)&address, sizeof address) != 0) {
      perror("bind");
      return 1;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &event);
  }
  for (;;) {
    struct epoll_event ready[64];
    int count = epoll_wait(epoll, ready, 64, -1);
    for (int i = 0; i < count; i++) {
      int input = (int)ready[i].data.u32;
      struct sockaddr_in to = at(first + streams * 2 + input / 2);
      char datagram[2048];
      for (ssize_t size; (size = recv(sockets[input], datagram, sizeof datagram, 0)) > 0;)
        if (input % 2 == 0) sendto(out, datagram, (size_t)size, 0, (struct sockaddr *)&to, sizeof to);
    }
  }
}
