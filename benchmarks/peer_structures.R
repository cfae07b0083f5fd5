# Sites with lme4, correlated and unequal residuals with nlme: Rscript peer_structures.R FOLDER REPEATS
# FOLDER holds nested.csv and serial.csv. Prints one JSON object: seconds of each fit (the median),
# its log-likelihood and fixed effects. Seconds are R's own, data frame in memory to fitted model.
suppressPackageStartupMessages({library(lme4); library(nlme)})
arguments <- commandArgs(trailingOnly = TRUE)
repeats <- as.integer(arguments[2])
nested <- read.csv(file.path(arguments[1], "nested.csv"))
serial <- read.csv(file.path(arguments[1], "serial.csv"))
serial$occasion <- factor(serial$occasion)
control <- lmeControl(maxIter = 200, msMaxIter = 500, returnObject = TRUE)
works <- list(
  intercepts = function() lmer(y ~ t + (1 | site) + (1 | id), nested),
  slopes = function() suppressMessages(lmer(y ~ t + (1 + t | site) + (1 + t | id), nested)),
  ar1 = function() lme(y ~ t, serial, random = ~ 1 | id,
                       correlation = corCAR1(0.3, form = ~ t | id), control = control),
  occasions = function() lme(y ~ t, serial, random = ~ 1 | id,
                             weights = varIdent(form = ~ 1 | occasion), control = control))
parts <- sapply(names(works), function(name) {
  seconds <- numeric(0)
  for (i in seq_len(repeats)) {
    begun <- proc.time()[["elapsed"]]
    fit <- works[[name]]()
    seconds <- c(seconds, proc.time()[["elapsed"]] - begun)
  }
  sprintf('"%s": {"seconds": %.4f, "loglik": %.8f, "fixed": [%s]}', name, median(seconds),
          as.numeric(logLik(fit)), paste(sprintf("%.9f", fixef(fit)), collapse = ", "))
})
cat(sprintf('{%s, "version": "lme4 %s, nlme %s"}\n', paste(parts, collapse = ", "),
            as.character(packageVersion("lme4")), as.character(packageVersion("nlme"))))
