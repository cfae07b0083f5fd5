# Chained equations with mice: Rscript peer_mice.R FOLDER SETS ITERATIONS METHOD...
# FOLDER holds data.csv (wide; missing values NA). Prints one JSON object: to each method processor
# seconds (data frame in memory to completed sets), means of the completed last column and its slope
# on the first column, pooled, with their errors and the scatter between sets.
suppressPackageStartupMessages(library(mice))
arguments <- commandArgs(trailingOnly = TRUE)
data <- read.csv(file.path(arguments[1], "data.csv"))
sets <- as.integer(arguments[2])
told <- function(name, q, u) {
  p <- pool.scalar(q, u, n = nrow(data), k = 1)
  sprintf('"%s": [%.8g, %.8g, %.8g]', name, p$qbar, sqrt(p$t), sqrt(p$b / sets))
}
parts <- sapply(arguments[-(1:3)], function(method) {
  begun <- sum(proc.time()[1:2])
  made <- suppressWarnings(mice(data, m = sets, maxit = as.integer(arguments[3]), method = method,
                                seed = 1, printFlag = FALSE))
  seconds <- sum(proc.time()[1:2]) - begun
  frames <- complete(made, "all")
  last <- names(data)[ncol(data)]
  fits <- lapply(frames, function(f) coef(summary(lm(f[[last]] ~ f[[1]]))))
  sprintf('"%s": {"seconds": %.3f, %s, %s}', method, seconds,
    told("mean", sapply(frames, function(f) mean(f[[last]])),
         sapply(frames, function(f) var(f[[last]]) / nrow(f))),
    told("slope", sapply(fits, function(f) f[2, 1]), sapply(fits, function(f) f[2, 2]^2)))
})
cat(sprintf('{%s, "version": "mice %s"}\n', paste(parts, collapse = ", "),
            as.character(packageVersion("mice"))))
