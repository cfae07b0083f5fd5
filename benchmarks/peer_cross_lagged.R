# Random-intercept cross-lagged panel models with lavaan: Rscript peer_cross_lagged.R FOLDER REPEATS NAME...
# FOLDER holds a wide NAME.csv each (x1, y1, x2, ...; missing values NA). Prints one JSON object: seconds
# (of the processor, the median; data frame in memory to fitted model with standard errors and indices
# of fit), log-likelihood, lags.
suppressPackageStartupMessages(library(lavaan))
arguments <- commandArgs(trailingOnly = TRUE)
repeats <- as.integer(arguments[2])
syntax <- function(outcomes, occasions) {
  lines <- character(0)
  add <- function(...) lines <<- c(lines, paste0(...))
  pairs <- which(upper.tri(diag(length(outcomes)), diag = TRUE), arr.ind = TRUE)
  for (o in outcomes) {
    add("l", o, " =~ ", paste0("1*", o, seq_len(occasions), collapse = " + "))
    for (t in seq_len(occasions)) {
      add("w", o, t, " =~ 1*", o, t)
      add(o, t, " ~~ 0*", o, t)
      add(o, t, " ~ 1")
      if (t > 1) for (s in outcomes) add("w", o, t, " ~ q", o, s, "*w", s, t - 1)
    }
  }
  for (r in seq_len(nrow(pairs))) {
    a <- outcomes[pairs[r, 1]]; b <- outcomes[pairs[r, 2]]
    add("l", a, " ~~ l", b)
    for (t in seq_len(occasions)) add("w", a, t, " ~~ w", b, t)
  }
  paste(lines, collapse = "\n")
}
parts <- sapply(arguments[-(1:2)], function(name) {
  data <- read.csv(file.path(arguments[1], paste0(name, ".csv")))
  outcomes <- unique(sub("[0-9]+$", "", names(data)))
  model <- syntax(outcomes, ncol(data) / length(outcomes))
  seconds <- numeric(0)
  for (i in seq_len(repeats)) {
    begun <- sum(proc.time()[1:2])
    fit <- lavaan(model, data, meanstructure = TRUE, missing = "ml", information = "observed")
    invisible(fitMeasures(fit))
    seconds <- c(seconds, sum(proc.time()[1:2]) - begun)
  }
  found <- coef(fit)
  lags <- sapply(outcomes, function(o) sapply(outcomes, function(s) found[[paste0("q", o, s)]]))
  sprintf('"%s": {"seconds": %.4f, "loglik": %.8f, "lags": [%s]}', name, median(seconds),
          as.numeric(logLik(fit)), paste(sprintf("%.9f", lags), collapse = ", "))
})
cat(sprintf('{%s, "version": "lavaan %s"}\n', paste(parts, collapse = ", "),
            as.character(packageVersion("lavaan"))))
