/* spill.cl - planted for ci/vendor.sh: 512 floats of a work-item live at once, more than any GPU has
 * registers for. */
#define EACH(F)                                                                                    \
    F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15) F(16)    \
    F(17) F(18) F(19) F(20) F(21) F(22) F(23) F(24) F(25) F(26) F(27) F(28) F(29) F(30) F(31)
#define LOAD(i) float16 v##i = vload16(i, x);
#define STEP(i) last = v##i = fma(v##i, v##i, last);
#define STORE(i) vstore16(v##i, i, x);

__kernel void vendor_spill(__global float *x, const int n)
{
    x += get_global_id(0) * (size_t)512;
    EACH(LOAD)
    float16 last = v31;
    for (int r = 0; r < n; r++) {
        EACH(STEP)
    }
    EACH(STORE)
}
