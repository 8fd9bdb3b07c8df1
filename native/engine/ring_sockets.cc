#include "ring_sockets.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <optional>
#include <stdexcept>

#include "tcp_facts.h"

namespace rankscope {
namespace {

using NameOf = int (*)(int, sockaddr*, socklen_t*);

std::optional<sockaddr_in> address_of(int fd, NameOf name) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  if (name(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0 || address.sin_family != AF_INET) return std::nullopt;
  return address;
}

std::string number_of(const sockaddr_in& address) {
  char text[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
  return text;
}

std::string text_of(const std::optional<sockaddr_in>& address) {
  return address ? number_of(*address) + ":" + std::to_string(ntohs(address->sin_port)) : "";
}

std::vector<int> open_descriptors() {
  std::vector<int> all;
  DIR* dir = opendir("/dev/fd");  // on Linux a link to /proc/self/fd
  if (!dir) return all;
  while (const dirent* entry = readdir(dir)) {
    const int fd = std::atoi(entry->d_name);
    if (fd > 2 && fd != dirfd(dir)) all.push_back(fd);
  }
  closedir(dir);
  return all;
}

}  // namespace

RingSockets::RingSockets(int rank, const std::vector<std::string>& hosts) : rank_(rank) {
  for (const std::string& host : hosts) {
    const size_t colon = host.rfind(':');
    const int port = colon == std::string::npos ? 0 : std::atoi(host.c_str() + colon + 1);
    if (port < 1 || port > 65535) throw std::invalid_argument("\"" + host + "\" is not address:port");
    in_addr number{};
    const std::string address = host.substr(0, colon);
    hosts_.push_back({inet_pton(AF_INET, address.c_str(), &number) == 1 ? address : "", port});
  }
}

bool RingSockets::is_ours(int fd) const {
  const auto local = address_of(fd, getsockname);
  if (!local) return false;
  const auto remote = address_of(fd, getpeername);
  // Accepted from the left neighbour, or still listening for it.
  if (ntohs(local->sin_port) == hosts_[rank_].port) return true;
  if (!remote) return false;
  // Connected to a neighbour on the right.
  for (size_t i = 0; i < hosts_.size(); ++i) {
    if (static_cast<int>(i) == rank_ || ntohs(remote->sin_port) != hosts_[i].port) continue;
    if (hosts_[i].address.empty() || hosts_[i].address == number_of(*remote)) return true;
  }
  return false;
}

std::vector<int> RingSockets::find() const {
  std::vector<int> ours;
  if (hosts_.empty()) return ours;
  for (const int fd : open_descriptors())
    if (is_ours(fd)) ours.push_back(fd);
  return ours;
}

std::vector<LinkState> RingSockets::links() const {
  std::vector<LinkState> all;
  for (const int fd : find()) {
    const auto remote = address_of(fd, getpeername);
    if (!remote) continue;  // listening
    const TcpFacts facts = read_tcp_facts(fd);
    all.push_back({fd, text_of(address_of(fd, getsockname)), text_of(remote), facts.rtt_us, facts.unsent_bytes,
                   facts.unread_bytes, facts.last_receive_ms_ago});
  }
  return all;
}

int RingSockets::shut_down() const {
  const std::vector<int> ours = find();
  for (const int fd : ours) shutdown(fd, SHUT_RDWR);
  return static_cast<int>(ours.size());
}

}  // namespace rankscope
