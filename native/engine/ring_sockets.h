// The TCP sockets of MLX's ring in this process, found by the ports of the host list: MLX does not give them away.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace rankscope {

struct LinkState {
  int fd = -1;
  std::string local, remote;  // address:port
  int64_t rtt_us = 0, unsent_bytes = 0, unread_bytes = 0, last_receive_ms_ago = 0;
};

class RingSockets {
 public:
  RingSockets() = default;
  // Throws std::invalid_argument for a host that is not `address:port`.
  RingSockets(int rank, const std::vector<std::string>& hosts);

  // Any thread, also while a collective is stuck on them.
  std::vector<LinkState> links() const;
  // Wakes whatever waits on them: a stuck collective throws within milliseconds, and so does accept. The descriptors
  // stay MLX's to close. Returns how many were shut down.
  int shut_down() const;

 private:
  std::vector<int> find() const;
  bool is_ours(int fd) const;

  struct Endpoint {
    std::string address;  // empty where the host is a name and not a number
    int port = 0;
  };
  std::vector<Endpoint> hosts_;
  int rank_ = 0;
};

}  // namespace rankscope
