// An RPM file as librpm's stream, and the parts of it that librpm's reader does not hand out.
#pragma once

#include <string>

#include "rpm/handles.h"
#include "rpm/log.h"

namespace rpmoci {

/// Opens a regular file for reading, at its start. Throws Failure("RPM_UNREADABLE") that names the path and the reason
/// for anything else: a directory, a FIFO (without waiting for a writer), a missing file. Under RpmLibrary's lock.
OwnedStream open_package(const std::string& path);

/// The package's own header, from the start of its file, with whatever verification the transaction is set to. Leaves
/// the stream at the payload. Throws Failure("RPM_UNREADABLE") with what `log` has heard.
OwnedHeader read_package_header(rpmts transaction, FD_t stream, const std::string& path, const LogCapture& log);

/// The signature header (the one before the package's own). Null when there is none that librpm can parse. Moves the
/// stream to its end.
OwnedHeader read_signature_header(FD_t stream);

}  // namespace rpmoci
