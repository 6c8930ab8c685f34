#include "bindings/exports.h"

namespace rpmoci {

void export_pool(Napi::Env, Napi::Object) {}

}  // namespace rpmoci
