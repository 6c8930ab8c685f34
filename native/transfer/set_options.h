// A request in libcurl's terms.
#pragma once

#include <curl/curl.h>

#include <memory>

#include "transfer/request.h"

namespace rpmoci {

struct HeaderDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, HeaderDeleter>;

/// Replaces all options of `easy`. The list must live as long as the transfer. Throws std::bad_alloc.
HeaderList set_options(CURL* easy, const TransferRequest& request, const Resumption& resumption);

}  // namespace rpmoci
