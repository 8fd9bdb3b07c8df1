// What the kernel knows of a TCP connection. One file per operating system.
#pragma once
#include <cstdint>

namespace rankscope {

struct TcpFacts {
  int64_t rtt_us = -1, unsent_bytes = -1, unread_bytes = -1, last_receive_ms_ago = -1;  // -1: not known here
};

TcpFacts read_tcp_facts(int fd);

}  // namespace rankscope
