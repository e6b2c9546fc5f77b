/* openblas.c: products of matrices against sums of integers, systems of equations, factors, each type of number, and a wrong argument. */
#include <cblas.h>
#include <complex.h>
#include <f77blas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                           \
    do {                                                             \
        if (!(condition)) {                                          \
            printf("line %d: not true: %s\n", __LINE__, #condition); \
            exit(1);                                                 \
        }                                                            \
    } while (0)

static int number(void)
{
    static unsigned state = 4711;
    state = state * 1103515245u + 12345u;
    return (int)(state >> 16 & 15) - 8;
}

/* A product of small integers is exact, whatever the order of its sums. It is larger than the blocks, in each dimension. */
static void products(int m, int n, int k)
{
    double *a = malloc(sizeof *a * m * k), *b = malloc(sizeof *b * k * n), *c = malloc(sizeof *c * m * n);
    float *fa = malloc(sizeof *fa * m * k), *fb = malloc(sizeof *fb * k * n), *fc = malloc(sizeof *fc * m * n);
    REQUIRE(a && b && c && fa && fb && fc);
    for (int i = 0; i < m * k; i++) fa[i] = a[i] = number();
    for (int i = 0; i < k * n; i++) fb[i] = b[i] = number();
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 2, a, k, b, k, 0, c, n);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 2, fa, k, fb, k, 0, fc, n);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int l = 0; l < k; l++) sum += a[i * k + l] * b[j * k + l];
            REQUIRE(c[i * n + j] == 2 * sum && fc[i * n + j] == 2 * sum);
        }
    printf("%d by %d by %d: exact\n", m, n, k);
    free(a), free(b), free(c), free(fa), free(fb), free(fc);
}

static void complex_numbers(void)
{
    double complex a[4] = {1 + 2 * I, 3, -I, 2 - I}, b[4] = {1, I, 2, 1 - I}, c[4], one = 1, zero = 0, dot;
    cblas_zgemm(CblasRowMajor, CblasConjTrans, CblasNoTrans, 2, 2, 2, &one, a, 2, b, 2, &zero, c, 2);
    for (int i = 0; i < 4; i++) printf("%g%+gi ", creal(c[i]), cimag(c[i]));
    cblas_zdotc_sub(4, a, 1, b, 1, &dot);
    printf("dot %g%+gi", creal(dot), cimag(dot));
    float complex f[2] = {3 + 4 * I, 12};
    printf(", norm %g\n", cblas_scnrm2(2, f, 1));
}

/* LAPACK's functions in C: they take what Fortran passes, pointers. */
static void equations(void)
{
    enum { N = 150 };
    static double a[N * N], lu[N * N], x[N], b[N];
    blasint pivots[N], n = N, one = 1, info = -1;
    for (int i = 0; i < N * N; i++) a[i] = number();
    for (int i = 0; i < N; i++) a[i * N + i] += 200, x[i] = i - 70;
    cblas_dgemv(CblasColMajor, CblasNoTrans, N, N, 1, a, N, x, 1, 0, b, 1);
    memcpy(lu, a, sizeof a);
    dgesv_(&n, &one, lu, &n, pivots, b, &n, &info);
    double worst = 0;
    for (int i = 0; i < N; i++) worst = fmax(worst, fabs(b[i] - x[i]));
    printf("dgesv: info %d, error below 1e-11: %d\n", (int)info, worst < 1e-11);

    /* A transposed by A is positive definite, with a Cholesky factor. */
    static double square[N * N], factor[N * N];
    cblas_dsyrk(CblasColMajor, CblasLower, CblasTrans, N, N, 1, a, N, 0, square, N);
    memcpy(factor, square, sizeof square);
    char lower = 'L';
    dpotrf_(&lower, &n, factor, &n, &info);
    worst = 0;
    for (int j = 0; j < N; j++)
        for (int i = j; i < N; i++) {
            double sum = cblas_ddot(j + 1, factor + i, N, factor + j, N);
            worst = fmax(worst, fabs(sum - square[j * N + i]) / fabs(square[j * N + j]));
        }
    printf("dpotrf: info %d, error below 1e-13: %d\n", (int)info, worst < 1e-13);
    square[0] = -1;
    dpotrf_(&lower, &n, square, &n, &info);
    printf("dpotrf of what is not positive: info %d\n", (int)info);
}

static void refused(const char *name, const blasint *info, size_t length)
{
    printf("%.*s: argument %d\n", (int)length, name, (int)*info);
}

int main(void)
{
    products(5, 7, 3);
    products(300, 37, 290);
    complex_numbers();
    equations();
    double x[3] = {3, -4, 12};
    printf("norm %g, sum %g, largest %d\n", cblas_dnrm2(3, x, 1), cblas_dasum(3, x, 1), (int)cblas_idamax(3, x, 1));
    openblas_set_xerbla(refused);
    cblas_dgemv(CblasRowMajor, CblasNoTrans, 2, 3, 1, x, 1, x, 1, 0, x, 1);
    printf("%s, %d thread\n", openblas_get_config(), openblas_get_num_threads());
}
