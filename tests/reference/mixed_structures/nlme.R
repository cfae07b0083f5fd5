# Reference values of nlme: Rscript nlme.R FOLDER > nlme.json
# FOLDER holds the files that `python cases.py FOLDER` writes. Tolerances are tightened.
suppressMessages(library(nlme))
folder <- commandArgs(TRUE)[1]
number <- function(x) paste0("[", paste(sprintf("%.12g", x), collapse = ", "), "]")
control <- lmeControl(maxIter = 500, msMaxIter = 1000, niterEM = 50, tolerance = 1e-11,
                      msTol = 1e-12, opt = "nlminb", sigma = NULL, msVerbose = FALSE,
                      returnObject = TRUE, msMaxEval = 5000)
out <- character(0)
add <- function(name, fixed, random, formula, structure, reml, correlation = NULL, weights = NULL) {
  data <- read.csv(file.path(folder, paste0(name, ".csv")))
  if ("occasion" %in% names(data)) data$occasion <- factor(data$occasion)
  best <- NULL
  for (start in c(0.2, 0.6)) {
    cor <- if (is.null(correlation)) NULL else correlation(start)
    fit <- try(lme(fixed, data, random = random, correlation = cor, weights = weights,
                   method = if (reml) "REML" else "ML", control = control), silent = TRUE)
    if (inherits(fit, "try-error")) next
    if (is.null(best) || logLik(fit) > logLik(best)) best <- fit
  }
  fit <- best
  found <- character(0)
  if (!is.null(correlation))
    found <- c(found, sprintf('"correlation": %.10g', coef(fit$modelStruct$corStruct, unconstrained = FALSE)))
  if (!is.null(weights)) {
    spread <- coef(fit$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE)
    found <- c(found, sprintf('"%s": %.10g', names(spread), spread))
  }
  covariance <- getVarCov(fit)
  out <<- c(out, paste0(
    '{"data": "', name, '", "formula": "', formula, '", "structure": "', structure,
    '", "reml": ', tolower(reml), ', "loglik": ', sprintf("%.12g", as.numeric(logLik(fit))),
    ', "fixed": ', number(fixef(fit)), ', "se": ', number(sqrt(diag(vcov(fit)))),
    ', "residual_sd": ', sprintf("%.12g", fit$sigma),
    ', "covariance": ', number(as.vector(unclass(covariance)[, ])),
    ', "parameters": {', paste(found, collapse = ", "), '}',
    ', "aic": ', sprintf("%.12g", AIC(fit)),
    ', "modes": ', number(head(as.vector(t(as.matrix(ranef(fit)))), 4)), '}'))
}
car <- function(start) corCAR1(start, form = ~ t | id)
for (reml in c(TRUE, FALSE)) {
  add("serial", y ~ t + x, ~ 1 | id, "y ~ t + x + (1 | id)", "ar1", reml, car)
  add("occasions", y ~ t, ~ 1 | id, "y ~ t + (1 | id)", "occasion", reml, NULL,
      varIdent(form = ~ 1 | occasion))
  add("both", y ~ t, ~ 1 | id, "y ~ t + (1 | id)", "ar1 occasion", reml, car,
      varIdent(form = ~ 1 | occasion))
}
add("sloped", y ~ t + x, ~ t | id, "y ~ t + x + (1 + t | id)", "ar1", TRUE, car)
add("occasions", y ~ t, ~ 1 | id, "y ~ t + (1 | id)", "arm", TRUE, NULL, varIdent(form = ~ 1 | arm))
for (reml in c(TRUE, FALSE))
  add("nights", y ~ x, ~ 1 | id, "y ~ x + (1 | id)", "days", reml,
      function(start) corCAR1(start, form = ~ hours | id/day))
cat('{"program": "nlme ', as.character(packageVersion("nlme")), ', R ',
    as.character(getRversion()), '",\n "fits": [\n', paste(out, collapse = ",\n"), "\n]}\n", sep = "")
