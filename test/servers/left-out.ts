/** File of the run's folder that names suites left out, one a line. */
export const LEFT_OUT = "left-out";
