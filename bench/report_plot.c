/* report_plot.c - the SVG drawings of the HTML report. Colours and fonts come from the page. */
#include <math.h>
#include <string.h>

#include "bench/report_internal.h"
#include "bench/report_table.h"

#define POINTS_MAX 32 /* batches of one curve */

/* A logarithmic axis: value low sits at pixel from, high at pixel to. */
typedef struct axis {
    double low, high, from, to;
} axis;

static double place(const axis *a, double value)
{
    return a->from + (a->to - a->from) * log(value / a->low) / log(a->high / a->low);
}

static void include(axis *a, double value)
{
    if (!(value > 0.0) || !isfinite(value))
        return;
    if (a->low == 0.0 || value < a->low)
        a->low = value;
    if (value > a->high)
        a->high = value;
}

/* Adds room at both ends, and makes the range at least a factor of least. */
static void widen(axis *a, double room, double least)
{
    const double lacking = sqrt(least / (a->high / a->low));
    const double factor = lacking > room ? lacking : room;

    a->low /= factor;
    a->high *= factor;
}

/* Next tick above value: decades on long axes, then 1 3, then 1 2 5. */
static double next_tick(const axis *a, double value)
{
    static const double steps[3][4] = {{1, 10, 0, 0}, {1, 3, 10, 0}, {1, 2, 5, 10}};
    const double range = a->high / a->low;
    const double *step = steps[range > 100.0 ? 0 : range > 20.0 ? 1 : 2];
    const double decade = pow(10.0, floor(log10(value * 1.0001)));

    while (*step * decade <= value * 1.0001)
        step++;
    return *step * decade;
}

static void tick_text(FILE *out, bench_format format, double value)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    int i = 3;

    if (format != BENCH_SECONDS) {
        fprintf(out, value >= 1e6 ? "%.0e" : "%.6g", value);
        return;
    }
    for (; i > 0 && value < 0.9999; i--)
        value *= 1e3;
    fprintf(out, "%.3g %s", value, units[i]);
}

static void draw_axes(FILE *out, const axis *x, const axis *y, bench_format x_format,
                      const char *x_title, const char *y_title)
{
    for (double v = next_tick(x, x->low / 1.001); v <= x->high; v = next_tick(x, v)) {
        const double at = place(x, v);
        fprintf(out,
                "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>"
                "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
                at, y->from, at, y->to, at, y->from + 16.0);
        tick_text(out, x_format, v);
        fputs("</text>\n", out);
    }
    for (double v = next_tick(y, y->low / 1.001); v <= y->high; v = next_tick(y, v)) {
        const double at = place(y, v);
        fprintf(out,
                "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>"
                "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">",
                x->from, at, x->to, at, x->from - 6.0, at + 4.0);
        tick_text(out, BENCH_NUMBER, v);
        fputs("</text>\n", out);
    }
    fprintf(out,
            "<text class=\"title\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>"
            "<text class=\"title\" x=\"2\" y=\"12\">%s</text>\n",
            x->to, y->from + 34.0, x_title, y_title);
}

static const json_t *ceiling(const json_t *records, const char *name)
{
    size_t i;
    json_t *record;

    json_array_foreach(records, i, record)
    {
        if (strcmp(bench_text(record, "kind"), "ceiling") == 0 &&
            strcmp(bench_text(record, "name"), name) == 0)
            return record;
    }
    return NULL;
}

/* A roof's height: the ceiling's value, else what an op's rate and percentage say; 0 unknown. */
static double roof(const json_t *records, const char *name, const char *rate, const char *percent)
{
    const double value = bench_number(ceiling(records, name), "value");
    size_t i;
    json_t *record;

    if (value > 0.0)
        return value;
    json_array_foreach(records, i, record)
    {
        if (bench_number(record, rate) > 0.0 && bench_number(record, percent) > 0.0)
            return 100.0 * bench_number(record, rate) / bench_number(record, percent);
    }
    return 0.0;
}

static bool is_dot(const json_t *record)
{
    return strcmp(bench_text(record, "kind"), "op") == 0 && bench_number(record, "flops") > 0.0 &&
           bench_number(record, "bytes") > 0.0 && bench_number(record, "gflops") > 0.0;
}

static void roof_label(FILE *out, const char *name, double value, const char *unit, double x,
                       double y, double degrees, const char *anchor)
{
    char text[BENCH_CELL_BYTES];

    bench_format_value(text, BENCH_NUMBER, value);
    fprintf(out,
            "<text class=\"label\" text-anchor=\"%s\" "
            "transform=\"translate(%.1f %.1f) rotate(%.1f)\">%s %s %s</text>\n",
            anchor, x, y, degrees, name, text, unit);
}

/* Level line of peak GFLOP/s right of where the slope of gbps meets it. */
static void draw_level(FILE *out, const axis *x, const axis *y, double peak, double gbps,
                       const char *css_class)
{
    const double ridge = gbps > 0.0 ? fmax(peak / gbps, x->low) : x->low;

    fprintf(out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
            css_class, place(x, ridge), place(y, peak), x->to, place(y, peak));
}

/* Names of both levels (either may be 0); in one line when they lie close to each other. */
static void label_levels(FILE *out, const axis *x, const axis *y, double peak, double half)
{
    const double at = x->to - 4.0, top = place(y, fmax(peak, half)) - 6.0;
    char a[BENCH_CELL_BYTES], both[2 * BENCH_CELL_BYTES];

    if (peak > 0.0 && half > 0.0 && fabs(place(y, half) - place(y, peak)) < 16.0) {
        bench_format_value(a, BENCH_NUMBER, fmax(peak, half));
        snprintf(both, sizeof both, half > peak ? "fma_f16 %s, fma_f32" : "fma_f32 %s, fma_f16", a);
        roof_label(out, both, fmin(peak, half), "GFLOP/s", at, top, 0.0, "end");
        return;
    }
    if (peak > 0.0)
        roof_label(out, "fma_f32", peak, "GFLOP/s", at, place(y, peak) - 6.0, 0.0, "end");
    if (half > 0.0)
        roof_label(out, "fma_f16", half, "GFLOP/s", at, place(y, half) - 6.0, 0.0, "end");
}

/* Slope of gbps from the lower left up to the level of peak. */
static void draw_slope(FILE *out, const axis *x, const axis *y, const char *name, double gbps,
                       double peak, const char *css_class)
{
    const double start = fmax(x->low, y->low / gbps);
    const double end = peak > 0.0 ? fmin(peak / gbps, x->high) : x->high;
    const double x1 = place(x, start), y1 = place(y, start * gbps);
    const double x2 = place(x, end), y2 = place(y, end * gbps);
    const double angle = atan2(y2 - y1, x2 - x1), length = hypot(x2 - x1, y2 - y1);

    fprintf(out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
            css_class, x1, y1, x2, y2);
    if (length > 150.0)
        roof_label(out, name, gbps, "GB/s", x1 + 10.0 * cos(angle) + 6.0 * sin(angle),
                   y1 + 10.0 * sin(angle) - 6.0 * cos(angle), angle * 57.29578, "start");
}

static void draw_dot(FILE *out, const axis *x, const axis *y, const json_t *record)
{
    const bool cold = strcmp(bench_text(record, "cache"), "cold") == 0;
    const double gflops = bench_number(record, "gflops");
    const double intensity = bench_number(record, "flops") / bench_number(record, "bytes");
    char rate[BENCH_CELL_BYTES], median[BENCH_CELL_BYTES];

    bench_format_value(rate, BENCH_NUMBER, gflops);
    bench_format_value(median, BENCH_SECONDS, bench_number(record, "median_s"));
    fprintf(out, "<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>",
            cold ? "cold" : "hot", place(x, intensity), place(y, fmax(gflops, y->low)));
    bench_html_text(out, bench_text(record, "name"));
    fprintf(out, "\n%s, %s GFLOP/s, %.3g FLOP/byte, %.1f %% of fma, %.1f %% of read", median, rate,
            intensity, bench_number(record, "pct_fma"), bench_number(record, "pct_read"));
    fputs("</title></circle>\n", out);
}

bool bench_plot_has_roofline(const json_t *records)
{
    size_t i;
    json_t *record;

    json_array_foreach(records, i, record)
    {
        if (is_dot(record))
            return true;
    }
    return ceiling(records, "fma_f32") != NULL && ceiling(records, "read") != NULL;
}

static void roofline_axes(axis *x, axis *y, const json_t *records, double peak, double half,
                          double read)
{
    size_t i;
    json_t *record;

    json_array_foreach(records, i, record)
    {
        if (is_dot(record)) {
            include(x, bench_number(record, "flops") / bench_number(record, "bytes"));
            include(y, bench_number(record, "gflops"));
        }
    }
    include(y, peak);
    include(y, half);
    if (peak > 0.0 && read > 0.0) {
        include(x, peak / read / 4.0); /* room on both sides of the ridge */
        include(x, peak / read * 4.0);
        include(y, peak / 16.0);
    }
    widen(x, 1.6, 30.0);
    widen(y, 1.8, 30.0);
    y->low = fmax(y->low, y->high * 1e-6); /* rows that only launch sit on the lower edge */
}

void bench_plot_roofline(FILE *out, const json_t *records, const char *css_class, double width,
                         double height)
{
    const double peak = roof(records, "fma_f32", "gflops", "pct_fma");
    const double read = roof(records, "read", "gbps", "pct_read");
    const double half = bench_number(ceiling(records, "fma_f16"), "value");
    const double local = bench_number(ceiling(records, "local"), "value");
    axis x = {0.0, 0.0, 52.0, width - 12.0}, y = {0.0, 0.0, height - 40.0, 24.0};
    size_t i;
    json_t *record;

    roofline_axes(&x, &y, records, peak, half, read);
    fprintf(out,
            "<svg class=\"%s\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
            "aria-label=\"Roofline: GFLOP/s over FLOP per byte\">\n",
            css_class, width, height);
    draw_axes(out, &x, &y, BENCH_NUMBER, "FLOP / byte", "GFLOP/s");
    json_array_foreach(records, i, record)
    {
        if (is_dot(record))
            draw_dot(out, &x, &y, record);
    }
    if (local > 0.0)
        draw_slope(out, &x, &y, "local", local, peak, "roof minor");
    if (half > 0.0)
        draw_level(out, &x, &y, half, read, "roof minor");
    if (peak > 0.0)
        draw_level(out, &x, &y, peak, read, "roof");
    label_levels(out, &x, &y, peak, half);
    if (read > 0.0)
        draw_slope(out, &x, &y, "read", read, peak, "roof");
    fputs("</svg>\n", out);
}

static bool on_curve(const json_t *record, const char *part)
{
    return strcmp(bench_text(record, "kind"), "model") == 0 &&
           strcmp(bench_text(record, "part"), part) == 0 &&
           strcmp(bench_text(record, "phase"), "steady") == 0 &&
           bench_number(record, "median_s") > 0.0 && bench_number(record, "batch") > 0.0;
}

bool bench_plot_has_curve(const json_t *records, const char *part)
{
    size_t i;
    json_t *record;

    json_array_foreach(records, i, record)
    {
        if (on_curve(record, part))
            return true;
    }
    return false;
}

void bench_plot_curve(FILE *out, const json_t *records, const char *part)
{
    const double width = 340.0, height = 240.0;
    axis x = {0.0, 0.0, 52.0, width - 28.0}, y = {0.0, 0.0, height - 40.0, 24.0};
    struct {
        double batch, latency, rate;
    } points[POINTS_MAX];
    char rate[BENCH_CELL_BYTES], latency[BENCH_CELL_BYTES];
    size_t n = 0, i;
    json_t *record;

    json_array_foreach(records, i, record)
    {
        if (!on_curve(record, part) || n == POINTS_MAX)
            continue;
        points[n].batch = bench_number(record, "batch");
        points[n].latency = bench_number(record, "median_s");
        points[n].rate = points[n].batch / points[n].latency;
        include(&x, points[n].latency);
        include(&y, points[n++].rate);
    }
    widen(&x, 1.3, 4.0);
    widen(&y, 1.3, 6.0);
    fprintf(out, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"", width, height);
    bench_html_text(out, part);
    fputs(": items per second over latency\">\n", out);
    draw_axes(out, &x, &y, BENCH_SECONDS, "latency", "items/s");
    fputs("<polyline class=\"curve\" points=\"", out);
    for (i = 0; i < n; i++)
        fprintf(out, "%.1f,%.1f ", place(&x, points[i].latency), place(&y, points[i].rate));
    fputs("\"/>\n", out);
    for (i = 0; i < n; i++) {
        const double cx = place(&x, points[i].latency), cy = place(&y, points[i].rate);
        bench_format_value(rate, BENCH_NUMBER, points[i].rate);
        bench_format_value(latency, BENCH_SECONDS, points[i].latency);
        fprintf(out,
                "<circle class=\"dot hot\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>batch %.0f: %s, "
                "%s items/s</title></circle><text class=\"label\" x=\"%.1f\" y=\"%.1f\">%.0f"
                "</text>\n",
                cx, cy, points[i].batch, latency, rate, cx + 6.0, cy + 14.0, points[i].batch);
    }
    fputs("</svg>\n", out);
}

void bench_plot_stack(FILE *out, const json_t *groups, double whole_s)
{
    double from = 0.0, width;
    size_t i;
    json_t *group;

    fputs("<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
          "aria-hidden=\"true\"><rect class=\"track\" width=\"100\" height=\"10\"/>",
          out);
    json_array_foreach(groups, i, group)
    {
        width = fmin(100.0 * bench_number(group, "s") / whole_s, 100.0 - from);
        fprintf(out, "<rect class=\"s%zu\" x=\"%.2f\" width=\"%.2f\" height=\"10\"/>",
                i < 5 ? i : 5, from, width);
        from += width;
    }
    fputs("</svg>", out);
}

void bench_plot_bar(FILE *out, double percent, const char *css_class)
{
    const double scale = 100.0 / fmax(100.0, percent);

    fprintf(out,
            "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
            "aria-hidden=\"true\"><rect class=\"track\" width=\"100\" height=\"10\"/>"
            "<rect class=\"fill %s\" width=\"%.1f\" height=\"10\"/>",
            css_class, fmax(0.0, percent) * scale);
    if (percent > 100.0)
        fprintf(out, "<line class=\"full\" x1=\"%.1f\" y1=\"0\" x2=\"%.1f\" y2=\"10\"/>",
                100.0 * scale, 100.0 * scale);
    fputs("</svg>", out);
}
