/* right.cl - for ci/vendor.sh: nothing is wrong with it. */
__kernel void vendor_right(__global float *x)
{
    x[get_global_id(0)] = sqrt(x[get_global_id(0)]);
}
