/*
 * launch.cl - a kernel with next to nothing in it, for the cost of a launch.
 *
 * Math       count[0] = count[0] + 1
 * Operands   count  [1] uint   read and written; counts the launches
 * Launch     one work-item
 * Tunables   none
 * Numerics   integers
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
__kernel void ceiling_launch(__global uint *count)
{
    count[0]++;
}
