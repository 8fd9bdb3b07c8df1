/*
 * Puts OpenBLAS in front of the BLAS that MLX's Linux wheel carries.
 *
 * The wheel links netlib's reference BLAS, which does about 6 GFLOP/s in f32
 * on a machine where OpenBLAS does over 100. MLX calls only the three routines
 * below. PyPI's scipy-openblas32 has them, but every one of its symbols starts
 * with `scipy_` so that it can live beside another BLAS; preloading that
 * library alone therefore changes nothing. This file gives the plain names
 * back, and as a preloaded library it is asked before the wheel's own.
 *
 * Compile and use (P is the interpreter that has mlx and scipy-openblas32):
 *
 *   LIB=$($P -c 'import scipy_openblas32 as b; print(b.get_lib_dir())')
 *   cc -O2 -shared -fPIC blas_preload.c -o blas_preload.so \
 *      -L"$LIB" -l:libscipy_openblas.so -Wl,-rpath,"$LIB"
 *   LD_PRELOAD=$PWD/blas_preload.so $P baseline.py MODEL_DIR
 *
 * The arguments are those of the CBLAS standard with 32-bit sizes; the three
 * enumerations of CBLAS have the size of an int.
 */

#define SIZES int m, int n, int k
#define LAYOUT int order, int trans_a, int trans_b

extern void scipy_cblas_sgemm(LAYOUT, SIZES, float alpha, const float *a, int lda, const float *b, int ldb, float beta,
                              float *c, int ldc);
extern void scipy_cblas_dgemm(LAYOUT, SIZES, double alpha, const double *a, int lda, const double *b, int ldb,
                              double beta, double *c, int ldc);
extern void scipy_cblas_cgemm(LAYOUT, SIZES, const void *alpha, const void *a, int lda, const void *b, int ldb,
                              const void *beta, void *c, int ldc);

void cblas_sgemm(LAYOUT, SIZES, float alpha, const float *a, int lda, const float *b, int ldb, float beta, float *c,
                 int ldc) {
  scipy_cblas_sgemm(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void cblas_dgemm(LAYOUT, SIZES, double alpha, const double *a, int lda, const double *b, int ldb, double beta,
                 double *c, int ldc) {
  scipy_cblas_dgemm(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void cblas_cgemm(LAYOUT, SIZES, const void *alpha, const void *a, int lda, const void *b, int ldb, const void *beta,
                 void *c, int ldc) {
  scipy_cblas_cgemm(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
