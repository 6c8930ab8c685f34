// One function for each group of exports; src/native/binding.ts describes what they add.
#pragma once

#include <napi.h>

namespace rpmoci {

void export_cancellation(Napi::Env env, Napi::Object exports);
void export_versions(Napi::Env env, Napi::Object exports);
void export_pool(Napi::Env env, Napi::Object exports);
void export_metadata(Napi::Env env, Napi::Object exports);
void export_packages(Napi::Env env, Napi::Object exports);
void export_rpmdb(Napi::Env env, Napi::Object exports);
void export_layer(Napi::Env env, Napi::Object exports);
void export_sandbox(Napi::Env env, Napi::Object exports);
void export_transfer(Napi::Env env, Napi::Object exports);
void export_file_lock(Napi::Env env, Napi::Object exports);
void export_inspection(Napi::Env env, Napi::Object exports);
void export_file_capabilities(Napi::Env env, Napi::Object exports);

}  // namespace rpmoci
