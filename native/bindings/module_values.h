// Modules between JavaScript and plain structs.
#pragma once

#include <napi.h>

#include <vector>

#include "solv/module_filter.h"

namespace rpmoci {

ModuleRequest to_module_request(const Napi::Value& value);

/// None for undefined.
std::vector<ProfilePackage> to_profile_packages(const Napi::Value& value);

Napi::Value from_module_report(Napi::Env env, const ModuleReport& report);

}  // namespace rpmoci
