/* qhull.c [FOLDER]: hulls, Delaunay triangulations, Voronoi vertices and halfspaces, and errors that the library leaves by longjmp. */
#include <libqhull_r/qhull_ra.h>
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

static FILE *messages;

static unsigned number(void)
{
    static unsigned state = 4711;
    state = state * 1103515245u + 12345u;
    return state >> 16 & 0x7fff;
}

static void finish(qhT *qh)
{
    int curlong, totlong;
    qh_freeqhull(qh, !qh_ALL);
    qh_memfreeshort(qh, &curlong, &totlong);
    REQUIRE(curlong == 0 && totlong == 0);
}

/* Runs the command, and says how it ended. */
static int run(qhT *qh, const char *title, int dimension, int count, coordT *points, char *command)
{
    qh_zero(qh, messages);
    int status = qh_new_qhull(qh, dimension, count, points, False, command, NULL, messages);
    printf("%s: ", title);
    if (status != 0) printf("refused with %d\n", status);
    return status;
}

static void hull(void)
{
    enum { N = 2000 };
    static coordT points[N][3];
    for (int i = 0; i < N; i++)
        for (int d = 0; d < 3; d++) points[i][d] = number() / 32768.0;
    /* The corners of a cube around all of them. */
    for (int i = 0; i < 8; i++)
        for (int d = 0; d < 3; d++) points[i][d] = i >> d & 1 ? 2 : -1;
    qhT qhull;
    if (run(&qhull, "cube", 3, N, points[0], "qhull Qt FA Tv") == 0) {
        printf("%d facets, %d vertices, area %.6f, volume %.6f\n", qhull.num_facets, qhull.num_vertices, qhull.totarea, qhull.totvol);
        double best = 0;
        boolT outside;
        coordT where[3] = {3, 0.5, 0.5};
        facetT *facet = qh_findbestfacet(&qhull, where, qh_ALL, &best, &outside);
        REQUIRE(facet != NULL);
        printf("a point outside: distance %.6f\n", best);
    }
    finish(&qhull);
}

static void delaunay(void)
{
    enum { N = 11 };
    static coordT points[N * N][2];
    for (int i = 0; i < N * N; i++) {
        points[i][0] = i % N + number() / 327680.0;
        points[i][1] = i / N + number() / 327680.0;
    }
    qhT qhull;
    qhT *qh = &qhull;
    if (run(qh, "Delaunay", 2, N * N, points[0], "qhull d Qbb Qc Qz Tv") == 0) {
        facetT *facet;
        int lower = 0;
        double sum = 0;
        FORALLfacets
        {
            if (facet->upperdelaunay) continue;
            lower++;
            sum += fabs(qh_facetarea(qh, facet));
        }
        printf("%d triangles, area %.3f\n", lower, sum);
    }
    finish(qh);
}

static void voronoi(void)
{
    static coordT points[][2] = {{0, 0}, {4, 0}, {4, 4}, {0, 4}, {2, 2.5}};
    qhT qhull;
    qhT *qh = &qhull;
    if (run(qh, "Voronoi", 2, 5, points[0], "qhull v Qbb Tv") == 0) {
        facetT *facet;
        int finite = 0;
        qh_setvoronoi_all(qh);
        FORALLfacets
        {
            if (!facet->upperdelaunay && facet->visitid != 0) finite++;
        }
        printf("%d finite vertices\n", finite);
    }
    finish(qh);
}

static void halfspaces(void)
{
    /* The planes of a cube with side 2, normal and offset; the origin is inside. */
    static coordT planes[][4] = {{1, 0, 0, -1}, {-1, 0, 0, -1}, {0, 1, 0, -1}, {0, -1, 0, -1}, {0, 0, 1, -1}, {0, 0, -1, -1}};
    qhT qhull;
    if (run(&qhull, "halfspaces", 4, 6, planes[0], "qhull H0,0,0 Tv") == 0)
        printf("%d of them, %d corners\n", qhull.num_vertices, qhull.num_facets);
    finish(&qhull);
}

static void errors(const char *folder)
{
    static coordT flat[][3] = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {1, 1, 0}, {2, 3, 0}};
    qhT qhull;
    REQUIRE(run(&qhull, "five points in a plane", 3, 5, flat[0], "qhull") == qh_ERRsingular);
    finish(&qhull);
    if (run(&qhull, "joggled", 3, 5, flat[0], "qhull QJ") == 0) puts("a hull");
    finish(&qhull);
    REQUIRE(run(&qhull, "two points", 3, 2, flat[0], "qhull") != 0);
    finish(&qhull);

    char path[4096];
    snprintf(path, sizeof path, "%s/qhull-test.txt", folder);
    FILE *out = fopen(path, "w");
    REQUIRE(out != NULL);
    qh_zero(&qhull, out);
    qh_init_A(&qhull, NULL, out, out, 0, NULL);
    REQUIRE(qh_rboxpoints(&qhull, "rbox c D4") == 0);
    finish(&qhull);
    REQUIRE(fclose(out) == 0);
    int dimension = 0, count = 0;
    FILE *in = fopen(path, "r");
    REQUIRE(in != NULL && fscanf(in, "%d rbox c D4 %d", &dimension, &count) == 2 && fclose(in) == 0 && remove(path) == 0);
    printf("rbox: %d points of dimension %d\n", count, dimension);
}

int main(int argc, char **argv)
{
    char path[4096];
    const char *folder = argc > 1 ? argv[1] : ".";
    snprintf(path, sizeof path, "%s/qhull-messages.txt", folder);
    messages = fopen(path, "w");
    REQUIRE(messages != NULL);
    qh_lib_check(QHULL_LIB_TYPE, sizeof(qhT), sizeof(vertexT), sizeof(ridgeT), sizeof(facetT), sizeof(setT), sizeof(qhmemT));
    printf("qhull %s\n", qh_version);
    hull();
    delaunay();
    voronoi();
    halfspaces();
    errors(folder);
    REQUIRE(fclose(messages) == 0 && remove(path) == 0);
    puts("done");
    return 0;
}
