// SPDX-License-Identifier: Apache-2.0
// The least a milter can do: takes every message through libmilter and accepts it. What
// milter_throughput compares with. With a second argument it also inserts that many header fields,
// which over TCP shows what Nagle's algorithm costs a filter that leaves its socket as libmilter
// makes it.
#include <libmilter/mfapi.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

int g_headers = 0;

extern "C" {
sfsistat nothing_negotiate(SMFICTX*, unsigned long actions, unsigned long steps, unsigned long,
                           unsigned long, unsigned long* want_actions, unsigned long* want_steps,
                           unsigned long* reserved2, unsigned long* reserved3) {
    *want_actions = SMFIF_ADDHDRS & actions;
    *want_steps = steps & (SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT |
                           SMFIP_NR_DATA | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY);
    *reserved2 = 0;
    *reserved3 = 0;
    return SMFIS_CONTINUE;
}
sfsistat nothing_header(SMFICTX*, char*, char*) { return SMFIS_NOREPLY; }
sfsistat nothing_body(SMFICTX*, unsigned char*, std::size_t) { return SMFIS_NOREPLY; }
sfsistat nothing_eom(SMFICTX* context) {
    static std::string name = "X-Nothing";
    static std::string value = " 1";
    for (int i = 0; i < g_headers; ++i) ::smfi_insheader(context, 0, name.data(), value.data());
    return SMFIS_ACCEPT;
}
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fputs("usage: milter_nothing SOCKET [HEADERS]\n", stderr);
        return 64;
    }
    if (argc > 2) g_headers = std::atoi(argv[2]);
    ::umask(0117);
    std::string name = "nothing";
    smfiDesc filter{};
    filter.xxfi_name = name.data();
    filter.xxfi_version = SMFI_VERSION;
    filter.xxfi_flags = SMFIF_ADDHDRS;
    filter.xxfi_header = nothing_header;
    filter.xxfi_body = nothing_body;
    filter.xxfi_eom = nothing_eom;
    filter.xxfi_negotiate = nothing_negotiate;
    if (::smfi_setconn(argv[1]) != MI_SUCCESS || ::smfi_register(filter) != MI_SUCCESS) return 70;
    return ::smfi_main() == MI_SUCCESS ? 0 : 69;
}
