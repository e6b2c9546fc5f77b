/* jansson.c [FOLDER]: reads, packs, unpacks, changes and writes JSON; a file in FOLDER; and what must be refused. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

static void refused(const char *bad, size_t flags)
{
    json_error_t error;
    REQUIRE(json_loads(bad, flags, &error) == NULL);
    printf("line %d, column %d: %s\n", error.line, error.column, error.text);
}

int main(int argc, char **argv)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/jansson-test.json", argc > 1 ? argv[1] : ".");
    printf("jansson %s\n", jansson_version_str());
    json_error_t error;
    json_t *root = json_loads("{\"planets\": [{\"name\": \"Mars\", \"moons\": 2}, {\"name\": \"J\\u00fcpiter\", \"moons\": 95}], \"pi\": 3.14}", 0, &error);
    REQUIRE(root != NULL);
    size_t i;
    json_t *planet;
    json_array_foreach(json_object_get(root, "planets"), i, planet)
    {
        const char *name;
        int moons;
        REQUIRE(json_unpack_ex(planet, &error, JSON_STRICT, "{s:s, s:i}", "name", &name, "moons", &moons) == 0);
        printf("%s: %d\n", name, moons);
    }
    REQUIRE(json_unpack_ex(root, &error, 0, "{s:s}", "pi", (const char **)&planet) != 0);
    puts(error.text);
    json_t *more = json_pack("{s:[i,f,b,n], s:I}", "list", 1, 0.1, 1, "least", (json_int_t)INT64_MIN);
    REQUIRE(more != NULL && json_object_update(root, more) == 0 && json_array_remove(json_object_get(root, "planets"), 0) == 0);
    char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
    puts(text);
    json_t *again = json_loads(text, 0, &error), *copy = json_deep_copy(root);
    REQUIRE(json_equal(again, root) && json_equal(copy, root));
    free(text);
    REQUIRE(json_dump_file(root, path, JSON_INDENT(2)) == 0);
    json_t *read = json_load_file(path, 0, &error);
    REQUIRE(read != NULL && json_equal(read, root) && remove(path) == 0);
    puts("text, copy and file: the same");
    json_decref(read);
    json_decref(copy);
    json_decref(again);
    json_decref(more);
    json_decref(root);
    /* Many keys, so that the table grows; the order stays. */
    json_t *many = json_object();
    for (i = 0; i < 2000; i++) {
        char key[20];
        snprintf(key, sizeof key, "key %zu", i);
        REQUIRE(json_object_set_new(many, key, json_integer((json_int_t)i)) == 0);
    }
    const char *key;
    json_t *value;
    i = 0;
    json_object_foreach(many, key, value) REQUIRE(json_integer_value(value) == (json_int_t)i++);
    printf("keys in order: %zu\n", json_object_size(many));
    json_decref(many);
    refused("[1, 2", 0);
    refused("{\"a\": 1,\n \"a\": 2}", JSON_REJECT_DUPLICATES);
    refused("[\"\xff\"]", 0);
    refused("[1e999]", 0);
    return 0;
}
