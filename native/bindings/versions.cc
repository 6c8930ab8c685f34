#include "bindings/exports.h"

namespace rpmoci {

void export_versions(Napi::Env, Napi::Object) {}

}  // namespace rpmoci
