#include "bindings/exports.h"

namespace rpmoci {

void export_packages(Napi::Env, Napi::Object) {}

}  // namespace rpmoci
