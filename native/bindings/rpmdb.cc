#include "bindings/exports.h"

namespace rpmoci {

void export_rpmdb(Napi::Env, Napi::Object) {}

}  // namespace rpmoci
