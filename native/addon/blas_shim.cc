// MLX's wheel for Linux brings reference BLAS, some ten times slower than OpenBLAS. OpenBLAS from PyPI carries a prefix
// on every name, so it shadows nothing by itself; this does. libmlx looks a symbol up in the addon that loaded it
// first, finds these, and never reaches its own.
#include "blas.h"

extern "C" {

void scipy_cblas_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float* a, int lda,
                       const float* b, int ldb, float beta, float* c, int ldc);
void scipy_cblas_sgemv(int order, int trans, int m, int n, float alpha, const float* a, int lda, const float* x,
                       int inc_x, float beta, float* y, int inc_y);

__attribute__((visibility("default"))) void cblas_sgemm(int order, int trans_a, int trans_b, int m, int n, int k,
                                                        float alpha, const float* a, int lda, const float* b, int ldb,
                                                        float beta, float* c, int ldc) {
  constexpr int kRowMajor = 101, kNoTrans = 111, kTrans = 112;
  // One row times a matrix is what decoding does all day: bound by memory, and the vector routine reads it better.
  if (order == kRowMajor && m == 1 && trans_a == kNoTrans) {
    const bool transposed = trans_b == kTrans;
    scipy_cblas_sgemv(order, transposed ? kNoTrans : kTrans, transposed ? n : k, transposed ? k : n, alpha, b, ldb, a, 1,
                      beta, c, 1);
    return;
  }
  scipy_cblas_sgemm(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

}  // extern "C"

namespace rankscope {

const char* blas_name() { return "openblas"; }

}  // namespace rankscope
