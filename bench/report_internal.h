/**
 * Parts of the HTML report. All write to out and leave its error flag to bench_report_write.
 */
#ifndef BENCH_REPORT_INTERNAL_H
#define BENCH_REPORT_INTERNAL_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "base/error.h"

/** The style sheet; plain ASCII without '<'. */
extern const char *const bench_report_css[];
extern const size_t bench_report_css_n;

/** Writes a text so that it is safe between tags and inside a quoted attribute. */
void bench_html_text(FILE *out, const char *text);

/** The whole page. */
gcl_status bench_html_write(FILE *out, const json_t *records, gcl_error *err);

/**
 * Roofline of the op records as SVG, width x height in CSS pixels: GFLOP/s over FLOP per byte,
 * both logarithmic; roofs are the ceilings, or what the ops' percentages imply without them.
 */
void bench_plot_roofline(FILE *out, const json_t *records, const char *css_class, double width,
                         double height);

/** True when bench_plot_roofline has a roof or a dot to draw. */
bool bench_plot_has_roofline(const json_t *records);

/** Items per second over latency, a point a batch, of the steady records of one model part. */
void bench_plot_curve(FILE *out, const json_t *records, const char *part);

/** True when part has a steady record with a time. */
bool bench_plot_has_curve(const json_t *records, const char *part);

/** A bar that fills percent of its width; over 100 the whole width stands for percent. */
void bench_plot_bar(FILE *out, double percent, const char *css_class);

/** A bar of whole_s seconds: a segment of class s0 .. s5 for each group's s, the rest empty. */
void bench_plot_stack(FILE *out, const json_t *groups, double whole_s);

#endif
