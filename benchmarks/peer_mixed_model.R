# Time lme4 on a CSV file: Rscript peer_mixed_model.R FILE REPEATS
# Data are in memory before the clock starts; the default optimiser and tolerances are used.
suppressMessages(library(lme4))
arguments <- commandArgs(TRUE)
data <- read.csv(arguments[1])
seconds <- numeric(0)
for (repeated in seq_len(as.integer(arguments[2]))) {
  begun <- proc.time()[["elapsed"]]
  fit <- suppressWarnings(lmer(y ~ t + (1 + t | id), data, REML = TRUE))
  seconds <- c(seconds, proc.time()[["elapsed"]] - begun)
}
cat(sprintf("%.3f", seconds), "\n")
cat(sprintf("%.9f", REMLcrit(fit)), "\n")
cat(as.character(packageVersion("lme4")), "\n")
