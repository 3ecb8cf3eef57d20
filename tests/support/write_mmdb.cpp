// SPDX-License-Identifier: Apache-2.0
// Writes a database of addresses with one network, for the end-to-end tests:
//     write_mmdb FILE NETWORK COUNTRY ASN LATITUDE LONGITUDE
#include <fstream>
#include <iostream>

#include "tests/support/mmdb_writer.hpp"

int main(int argc, char** argv) {
    using namespace kith::test;
    if (argc != 7) {
        std::cerr << "usage: write_mmdb FILE NETWORK COUNTRY ASN LATITUDE LONGITUDE\n";
        return 64;
    }
    const std::string record =
        mmdb::map({{"autonomous_system_number",
                    mmdb::uint32(static_cast<std::uint32_t>(std::stoul(argv[4])))},
                   {"country", mmdb::map({{"iso_code", mmdb::text(argv[3])}})},
                   {"location", mmdb::map({{"latitude", mmdb::number(std::stod(argv[5]))},
                                           {"longitude", mmdb::number(std::stod(argv[6]))}})}});
    std::ofstream out(argv[1], std::ios::binary);
    out << MmdbWriter("Example-All").add(argv[2], record).bytes();
    out.close();
    return out ? 0 : 1;
}
