#include "bindings/exports.h"

namespace rpmoci {

void export_layer(Napi::Env, Napi::Object) {}

}  // namespace rpmoci
