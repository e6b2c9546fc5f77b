/* yyjson.c: reads, looks up, changes and writes JSON; patches; numbers; and what must be refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

static const char text[] = "{\"planets\": [{\"name\": \"Mars\", \"moons\": 2}, {\"name\": \"J\\u00fcpiter\", \"moons\": 95}], \"pi\": 3.14}";

static void refused(const char *bad, yyjson_read_flag flags)
{
    yyjson_read_err error;
    REQUIRE(yyjson_read_opts((char *)bad, strlen(bad), flags, NULL, &error) == NULL);
    printf("at %zu: %s\n", error.pos, error.msg);
}

int main(void)
{
    REQUIRE(yyjson_version() == YYJSON_VERSION_HEX);
    printf("yyjson %s\n", YYJSON_VERSION_STRING);
    yyjson_doc *doc = yyjson_read(text, strlen(text), 0);
    REQUIRE(doc != NULL);
    yyjson_val *planet;
    size_t i, n;
    yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(doc), "planets"), i, n, planet)
        printf("%s: %d\n", yyjson_get_str(yyjson_obj_get(planet, "name")), yyjson_get_int(yyjson_obj_get(planet, "moons")));
    REQUIRE(yyjson_get_int(yyjson_doc_ptr_get(doc, "/planets/1/moons")) == 95 && yyjson_doc_ptr_get(doc, "/planets/2") == NULL);

    yyjson_mut_doc *change = yyjson_doc_mut_copy(doc, NULL);
    yyjson_mut_val *root = yyjson_mut_doc_get_root(change);
    REQUIRE(yyjson_mut_obj_add_real(change, root, "tenth", 0.1) && yyjson_mut_obj_add_sint(change, root, "least", INT64_MIN));
    REQUIRE(yyjson_mut_doc_ptr_add(change, "/planets/-", yyjson_mut_null(change)));
    char *out = yyjson_mut_write(change, YYJSON_WRITE_ESCAPE_UNICODE, NULL);
    puts(out);
    free(out);

    static const char patch[] = "[{\"op\":\"remove\",\"path\":\"/planets/0\"},{\"op\":\"test\",\"path\":\"/pi\",\"value\":3.14},{\"op\":\"move\",\"from\":\"/pi\",\"path\":\"/PI\"}]";
    yyjson_doc *changes = yyjson_read(patch, strlen(patch), 0);
    yyjson_mut_doc *patched = yyjson_mut_doc_new(NULL);
    yyjson_patch_err error;
    yyjson_mut_doc_set_root(patched, yyjson_patch(patched, yyjson_doc_get_root(doc), yyjson_doc_get_root(changes), &error));
    REQUIRE(error.code == YYJSON_PATCH_SUCCESS);
    out = yyjson_mut_write(patched, YYJSON_WRITE_PRETTY, NULL);
    puts(out);
    free(out);

    static const double numbers[] = {5e-324, 1.7976931348623157e308, 0.3, -0.0, 123456789012345680.0};
    for (i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        yyjson_mut_doc *one = yyjson_mut_doc_new(NULL);
        yyjson_mut_doc_set_root(one, yyjson_mut_real(one, numbers[i]));
        out = yyjson_mut_write(one, 0, NULL);
        yyjson_doc *again = yyjson_read(out, strlen(out), 0);
        double back = yyjson_get_real(yyjson_doc_get_root(again));
        REQUIRE(memcmp(&back, &numbers[i], sizeof back) == 0);
        printf("%s ", out);
        free(out);
        yyjson_doc_free(again);
        yyjson_mut_doc_free(one);
    }
    puts("");
    yyjson_doc_free(changes);
    yyjson_mut_doc_free(patched);
    yyjson_mut_doc_free(change);
    yyjson_doc_free(doc);
    refused("[1, 2", 0);
    refused("[1, 2,]", 0);
    refused("[\"\xff\"]", 0);
    refused("[1e999]", 0);
    doc = yyjson_read("[1, 2,] // more", 15, YYJSON_READ_ALLOW_TRAILING_COMMAS | YYJSON_READ_ALLOW_COMMENTS);
    REQUIRE(doc != NULL && yyjson_arr_size(yyjson_doc_get_root(doc)) == 2);
    yyjson_doc_free(doc);
    puts("done");
    return 0;
}
