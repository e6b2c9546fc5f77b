#include "stack.h"

#include <uuid.h>

int main(void) {
    uuid_t uuid, other;
    char written[UUID_STR_LEN];
    struct timeval time;
    void (*const makers[])(unsigned char *) = {uuid_generate, uuid_generate_random, uuid_generate_time, uuid_generate_time_v6, uuid_generate_time_v7};
    for (unsigned i = 0; i < sizeof makers / sizeof *makers; i++) {
        makers[i](uuid);
        uuid_unparse(uuid, written);
        REQUIRE(uuid_parse(written, other) == 0 && uuid_compare(uuid, other) == 0);
        uuid_time(uuid, &time);
    }
    uuid_generate_time_safe(uuid);
    uuid_generate_md5(uuid, *uuid_get_template("dns"), "example.org", 11);
    uuid_generate_sha1(uuid, *uuid_get_template("url"), "example.org", 11);
}
