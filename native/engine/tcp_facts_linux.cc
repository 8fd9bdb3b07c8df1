#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "tcp_facts.h"

namespace rankscope {

TcpFacts read_tcp_facts(int fd) {
  TcpFacts facts;
  tcp_info info{};
  socklen_t length = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0) {
    facts.rtt_us = info.tcpi_rtt;
    facts.last_receive_ms_ago = info.tcpi_last_data_recv;
  }
  int bytes = 0;
  if (ioctl(fd, SIOCOUTQ, &bytes) == 0) facts.unsent_bytes = bytes;
  if (ioctl(fd, SIOCINQ, &bytes) == 0) facts.unread_bytes = bytes;
  return facts;
}

}  // namespace rankscope
