// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/store/foreign.hpp"

#include <lmdb.h>

#include <stdexcept>

namespace kith::test {

void make_lmdb(const std::string& directory, const char* table, std::string_view key,
               std::string_view value) {
    MDB_env* env = nullptr;
    MDB_txn* txn = nullptr;
    MDB_dbi dbi = 0;
    MDB_val k{key.size(), const_cast<char*>(key.data())},
        v{value.size(), const_cast<char*>(value.data())};
    const auto check = [](int rc) {
        if (rc != MDB_SUCCESS) throw std::runtime_error(mdb_strerror(rc));
    };
    check(mdb_env_create(&env));
    check(mdb_env_set_maxdbs(env, 4));
    check(mdb_env_open(env, directory.c_str(), 0, 0640));
    check(mdb_txn_begin(env, nullptr, 0, &txn));
    check(mdb_dbi_open(txn, table, MDB_CREATE, &dbi));
    check(mdb_put(txn, dbi, &k, &v, 0));
    check(mdb_txn_commit(txn));
    mdb_env_close(env);
}

void drop_table(const std::string& directory, const char* table) {
    MDB_env* env = nullptr;
    MDB_txn* txn = nullptr;
    MDB_dbi dbi = 0;
    const auto check = [](int rc) {
        if (rc != MDB_SUCCESS) throw std::runtime_error(mdb_strerror(rc));
    };
    check(mdb_env_create(&env));
    check(mdb_env_set_maxdbs(env, 32));
    check(mdb_env_open(env, directory.c_str(), 0, 0640));
    check(mdb_txn_begin(env, nullptr, 0, &txn));
    check(mdb_dbi_open(txn, table, 0, &dbi));
    check(mdb_drop(txn, dbi, 1));
    check(mdb_txn_commit(txn));
    mdb_env_close(env);
}

}  // namespace kith::test
