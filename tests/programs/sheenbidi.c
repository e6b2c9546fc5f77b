/* sheenbidi.c: paragraphs in both directions, their runs in visual order, mirrored brackets, scripts. */
#include <SheenBidi/SheenBidi.h>
#include <stdio.h>
#include <string.h>

static void show(const char *name, const char *text, SBLevel base)
{
    SBCodepointSequence sequence = {SBStringEncodingUTF8, (void *)text, strlen(text)};
    SBAlgorithmRef algorithm = SBAlgorithmCreate(&sequence);
    SBParagraphRef paragraph = SBAlgorithmCreateParagraph(algorithm, 0, INT32_MAX, base);
    SBLineRef line = SBParagraphCreateLine(paragraph, 0, SBParagraphGetLength(paragraph));
    const SBRun *runs = SBLineGetRunsPtr(line);
    printf("%s, base level %d:", name, SBParagraphGetBaseLevel(paragraph));
    for (SBUInteger i = 0; i < SBLineGetRunCount(line); i++)
        printf(" [%lu+%lu at %d]", (unsigned long)runs[i].offset, (unsigned long)runs[i].length, runs[i].level);
    putchar('\n');
    SBMirrorLocatorRef mirrors = SBMirrorLocatorCreate();
    SBMirrorLocatorLoadLine(mirrors, line, (void *)text);
    const SBMirrorAgent *agent = SBMirrorLocatorGetAgent(mirrors);
    while (SBMirrorLocatorMoveNext(mirrors))
        printf("  at %lu, %c is drawn as %c\n", (unsigned long)agent->index, (int)agent->codepoint, (int)agent->mirror);
    SBMirrorLocatorRelease(mirrors);
    SBLineRelease(line);
    SBParagraphRelease(paragraph);
    SBAlgorithmRelease(algorithm);
}

static void scripts(const char *text)
{
    SBCodepointSequence sequence = {SBStringEncodingUTF8, (void *)text, strlen(text)};
    SBScriptLocatorRef locator = SBScriptLocatorCreate();
    SBScriptLocatorLoadCodepoints(locator, &sequence);
    const SBScriptAgent *agent = SBScriptLocatorGetAgent(locator);
    while (SBScriptLocatorMoveNext(locator)) {
        SBUInt32 tag = SBScriptGetUnicodeTag(agent->script);
        printf("%lu+%lu: %c%c%c%c\n", (unsigned long)agent->offset, (unsigned long)agent->length, (int)(tag >> 24), (int)(tag >> 16 & 255),
               (int)(tag >> 8 & 255), (int)(tag & 255));
    }
    SBScriptLocatorRelease(locator);
}

int main(void)
{
    printf("sheenbidi %s\n", SBVersionGetString());
    show("Latin", "car (and) bus", SBLevelDefaultLTR);
    show("Hebrew", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d (abc) \xd7\xa2\xd7\x95\xd7\x9c\xd7\x9d", SBLevelDefaultLTR);
    show("numbers in Arabic", "\xd8\xb3\xd9\x86\xd8\xa9 1984 (\xd8\xa3)", SBLevelDefaultLTR);
    show("Latin, from the right", "abc \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d def", 1);
    scripts("abc \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xd8\xb3\xd9\x86\xd8\xa9 \xce\xb1\xce\xb2");
    puts("done");
    return 0;
}
