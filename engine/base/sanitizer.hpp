// SPDX-License-Identifier: Apache-2.0
// Whether this is a sanitizer's build, which GCC and Clang tell by different names. For what a
// sanitizer's own needs get in the way of: limits of memory, kernel calls, signals.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KITH_ADDRESS_SANITIZER 1
#endif
#if __has_feature(thread_sanitizer)
#define KITH_THREAD_SANITIZER 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#define KITH_ADDRESS_SANITIZER 1
#endif
#if defined(__SANITIZE_THREAD__)
#define KITH_THREAD_SANITIZER 1
#endif

#if defined(KITH_ADDRESS_SANITIZER) || defined(KITH_THREAD_SANITIZER)
#define KITH_SANITIZER 1
#endif
