/* kill.c - the program killed at random moments. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sweep.h"

/* Runs the program; it is killed after so many seconds, unless they are negative. */
static double run(const sweep_scenario *s, double seconds, int *status)
{
    struct timespec begin, end, nap = {(time_t)seconds, (long)((seconds - (int)seconds) * 1e9)};
    pid_t child;

    fflush(stdout);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    child = fork();
    if (child == 0) {
        const int file = open("/dev/null", O_WRONLY);
        dup2(file, STDOUT_FILENO);
        dup2(file, STDERR_FILENO);
        alarm(600);
        execv(GALIP, (char *const *)(size_t)s->args);
        _exit(127);
    }
    if (seconds >= 0) {
        nanosleep(&nap, NULL);
        kill(child, SIGKILL);
    }
    waitpid(child, status, 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
}

/* Whether out.png holds the right picture, to the last byte. */
static bool is_whole(const sweep_scenario *s)
{
    gcl_image image = {0};
    const bool same = gcl_image_read(&image, "out.png", NULL) == GCL_OK &&
                      image.width == s->picture.width && image.height == s->picture.height &&
                      memcmp(image.rgb, s->picture.rgb, 3 * image.width * image.height) == 0;

    gcl_image_free(&image);
    return same;
}

/* Counts and removes the temporary files that a killed run left. */
static int temporary_files(void)
{
    DIR *dir = opendir(".");
    struct dirent *e;
    int n = 0;

    while (dir != NULL && (e = readdir(dir)) != NULL)
        if (strncmp(e->d_name, "out.png.tmp.", 12) == 0) {
            n++;
            remove(e->d_name);
        }
    if (dir != NULL)
        closedir(dir);
    return n;
}

/* Every third run begins with an empty kernel cache; the next ones live with what is left of it. */
int sweep_kill(sweep_scenario *s, int n, unsigned seed)
{
    double usual[2];
    int bad = 0, whole = 0, killed = 0, left = 0, status;

    sweep_shell("rm -rf cache/galip");
    usual[1] = run(s, -1, &status);
    usual[0] = run(s, -1, &status);
    remove("out.png");
    srand(seed);
    for (int i = 0; i < n; i++) {
        const bool cold = i % 3 == 0;
        if (cold)
            sweep_shell("rm -rf cache/galip");
        run(s, 1.1 * rand() / (double)RAND_MAX * usual[cold], &status);
        killed += WIFSIGNALED(status);
        left += temporary_files();
        if (access("out.png", F_OK) == 0) {
            whole++;
            if (!is_whole(s)) {
                bad++;
                printf("FAILED kill %d: out.png is not the whole picture\n", i);
            }
        }
        remove("out.png");
        if (i % 10 != 9)
            continue;
        usual[0] = run(s, -1, &status); /* undisturbed, on the caches that the killed ones left */
        if (status != 0 || !is_whole(s)) {
            bad++;
            printf("FAILED kill %d: the next run's status is %d, its picture %s\n", i, status,
                   is_whole(s) ? "right" : "wrong");
        }
        remove("out.png");
    }
    printf("%d runs to kill: %d killed, %d pictures whole, %d absent, %d temporary files left\n", n,
           killed, whole, n - whole, left);
    return bad;
}
