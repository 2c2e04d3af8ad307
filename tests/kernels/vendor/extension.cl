/* extension.cl - planted for ci/vendor.sh: needs cl_khr_fp64 and says so nowhere. */
__kernel void vendor_extension(__global float *x)
{
    x[get_global_id(0)] = (float)sqrt((double)x[get_global_id(0)]);
}
