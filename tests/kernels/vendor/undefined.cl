/* undefined.cl - planted for ci/vendor.sh: calls a function that is declared and nowhere defined. */
float vendor_missing(float v);

__kernel void vendor_undefined(__global float *x)
{
    x[get_global_id(0)] = vendor_missing(x[get_global_id(0)]);
}
