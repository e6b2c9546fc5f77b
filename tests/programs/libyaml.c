/* libyaml.c: events of a document, a document loaded and built, emitted text, and errors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

static const char text[] = "# moons\nplanets:\n  - {name: Mars, moons: 2}\n  - &j {name: \"J\\u00fcpiter\", moons: 95}\nlast: *j\nfolded: >\n  two\n  lines\n";

static void events(void)
{
    static const char *const names[] = {"", "stream", "/stream", "document", "/document", "alias", "scalar", "[", "]", "{", "}"};
    yaml_parser_t parser;
    REQUIRE(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    for (int done = 0; !done;) {
        yaml_event_t event;
        REQUIRE(yaml_parser_parse(&parser, &event));
        if (event.type == YAML_SCALAR_EVENT)
            printf("'%.*s' ", (int)strcspn((char *)event.data.scalar.value, "\n"), (char *)event.data.scalar.value);
        else
            printf("%s ", names[event.type]);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    puts("");
    yaml_parser_delete(&parser);
}

static void load(void)
{
    yaml_parser_t parser;
    yaml_document_t document;
    REQUIRE(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    REQUIRE(yaml_parser_load(&parser, &document));
    yaml_node_t *root = yaml_document_get_root_node(&document);
    REQUIRE(root != NULL && root->type == YAML_MAPPING_NODE);
    yaml_node_pair_t *pairs = root->data.mapping.pairs.start;
    yaml_node_t *planets = yaml_document_get_node(&document, pairs[0].value);
    REQUIRE(planets->type == YAML_SEQUENCE_NODE && planets->data.sequence.items.top - planets->data.sequence.items.start == 2);
    REQUIRE(planets->data.sequence.items.start[1] == pairs[1].value); /* the alias is the same node */
    puts("loaded: an alias is the node itself");

    /* The same, written by the library. */
    yaml_emitter_t emitter;
    unsigned char out[400];
    size_t written = 0;
    REQUIRE(yaml_emitter_initialize(&emitter));
    yaml_emitter_set_output_string(&emitter, out, sizeof out, &written);
    yaml_emitter_set_unicode(&emitter, 1);
    REQUIRE(yaml_emitter_open(&emitter) && yaml_emitter_dump(&emitter, &document) && yaml_emitter_close(&emitter));
    yaml_emitter_delete(&emitter);
    yaml_parser_delete(&parser);
    printf("%.*s", (int)written, (char *)out);
}

static void refused(const char *bad)
{
    yaml_parser_t parser;
    yaml_event_t event;
    REQUIRE(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)bad, strlen(bad));
    while (yaml_parser_parse(&parser, &event)) {
        REQUIRE(event.type != YAML_STREAM_END_EVENT);
        yaml_event_delete(&event);
    }
    printf("error %d: %s\n", parser.error, parser.problem);
    yaml_parser_delete(&parser);
}

int main(void)
{
    int major, minor, patch;
    yaml_get_version(&major, &minor, &patch);
    printf("libyaml %s, %d.%d.%d\n", yaml_get_version_string(), major, minor, patch);
    events();
    load();
    refused("a: [1, 2");
    refused("a: *nowhere\n\tb: 1");
    refused("a: \"\\q\"");
    refused("a: \xff\xfe\xfd");
    puts("done");
    return 0;
}
