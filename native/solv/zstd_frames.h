// The outermost form of zstd data: frames of blocks (RFC 8878, section 3).
#pragma once

namespace rpmoci {

/// Whether the open file consists of whole frames. libsolv's reader waits forever for the rest of a frame's header that
/// is cut short. Only the headers are read; the file's position does not change.
bool has_whole_zstd_frames(int fd);

}  // namespace rpmoci
