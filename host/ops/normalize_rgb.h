/** Normalisation of images for CLIP. */
#ifndef GCL_HOST_OPS_NORMALIZE_RGB_H
#define GCL_HOST_OPS_NORMALIZE_RGB_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * y[n, c, h, w] = (x[n, c, h, w] * gain + offset - mean[c]) / std[c].
 *
 * gain and offset bring the image to [0, 1] first: 1 and 0 for one that is there already. GALIP
 * applies (x + 1) / 2 to the generator's [-1, 1] twice, which is gain 0.25, offset 0.75.
 *
 * @param x     [N, 3, H, W] f32
 * @param mean  of the channels R, G, B; copied
 * @param std   > 0; copied
 * @return      x's shape; GCL_E_SHAPE when C is not 3, GCL_E_ARG for another std
 *
 * Source: torchvision.transforms.Normalize; CLIP's preprocessing.
 */
gcl_value gcl_normalize_rgb(gcl_graph *g, gcl_value x, float gain, float offset,
                            const float mean[3], const float std[3]);

#ifdef __cplusplus
}
#endif
#endif
