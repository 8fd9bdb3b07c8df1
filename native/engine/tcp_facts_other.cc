#include <sys/ioctl.h>

#include "tcp_facts.h"

namespace rankscope {

TcpFacts read_tcp_facts(int fd) {
  TcpFacts facts;
  int bytes = 0;
  if (ioctl(fd, FIONREAD, &bytes) == 0) facts.unread_bytes = bytes;
  return facts;
}

}  // namespace rankscope
