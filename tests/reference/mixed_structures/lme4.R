# Reference values of lme4: Rscript lme4.R FOLDER > lme4.json
# FOLDER holds the files that `python cases.py FOLDER` writes.
# The optimiser's tolerances are tightened; the best of several optimisers and starts is kept.
suppressMessages({library(lme4); library(splines)})
folder <- commandArgs(TRUE)[1]
control <- function(optimizer, opt) lmerControl(
  optimizer = optimizer, optCtrl = opt, calc.derivs = FALSE,
  check.conv.singular = "ignore", check.nobs.vs.nRE = "ignore", check.scaleX = "ignore")
controls <- list(
  control("bobyqa", list(rhobeg = 0.2, rhoend = 1e-10, maxfun = 1e5)),
  control("nloptwrap", list(algorithm = "NLOPT_LN_BOBYQA", xtol_abs = 1e-12, ftol_abs = 1e-13,
                            xtol_rel = 0, ftol_rel = 0, maxeval = 1e5)))
number <- function(x) paste0("[", paste(sprintf("%.12g", x), collapse = ", "), "]")
# data, lme4's formula, REML, ours where it is written otherwise
models <- list(
  c("arms", "y ~ t * x + (1 + t + x | id)", "TRUE", ""),
  c("arms", "y ~ t * x + (1 + t * x || id)", "TRUE", ""),
  c("arms", "y ~ t + I(t^2) + x:z + (1 + t | id) + (0 + x | id)", "FALSE", ""),
  c("arms", "y ~ factor(arm) * t + (1 | id)", "TRUE", ""),
  c("arms", "y ~ factor(arm) + t + (0 + factor(arm) | id)", "TRUE", ""),
  c("arms", "y ~ t + (1 + factor(arm) || id)", "TRUE", ""),
  c("arms", "y ~ bs(t, df = 4) + x + (1 + x | id)", "TRUE", "y ~ bs(t, df=4) + x + (1 + x | id)"),
  c("arms", "log(y + 20) ~ sqrt(t) + (t - 1 | id)", "TRUE", ""),
  c("arms", "y ~ t + x + z + (1 + t + x + z + x:z + I(t^2) | id)", "TRUE", ""),
  c("sites", "y ~ t + x + (1 | site/id)", "TRUE", ""),
  c("sites", "y ~ t + x + (1 | site/id)", "FALSE", ""),
  c("sites", "y ~ t + x + (1 + t | site/id)", "TRUE", ""),
  c("sites", "y ~ t + x + (1 + t | site:id) + (1 | site)", "TRUE", ""),
  c("sites", "y ~ t + x + (1 + t | person) + (1 | site)", "TRUE", ""),
  c("sites", "y ~ t + x + (1 | person) + (1 + t || site)", "FALSE", ""),
  c("level", "y ~ t + (1 + t | site/id)", "TRUE", ""),
  c("level", "y ~ t + (1 | site/id)", "FALSE", ""))
out <- character(0)
for (m in models) {
  data <- read.csv(file.path(folder, paste0(m[1], ".csv")))
  reml <- m[3] == "TRUE"
  best <- NULL
  for (k in controls) for (start in c(1, 0.3)) {
    fit <- try(suppressWarnings(suppressMessages({
      first <- lmer(as.formula(m[2]), data, REML = reml, control = k)
      lmer(as.formula(m[2]), data, REML = reml, control = k, start = getME(first, "theta") * start)
    })), silent = TRUE)
    if (inherits(fit, "try-error")) next
    value <- if (reml) REMLcrit(fit) else -2 * as.numeric(logLik(fit))
    if (is.null(best) || value < best$value) best <- list(value = value, fit = fit)
  }
  fit <- best$fit
  groups <- names(getME(fit, "flist"))
  pieces <- VarCorr(fit)
  owner <- sub("\\.[0-9]+$", "", names(pieces))
  levels <- sapply(groups, function(g) {
    block <- as.matrix(Matrix::bdiag(lapply(pieces[owner == g], function(b) unclass(b)[, , drop = FALSE])))
    paste0('"', g, '": ', number(as.vector(t(block))))
  })
  modes <- sapply(groups, function(g) paste0(
    '"', g, '": ', number(head(as.vector(t(as.matrix(ranef(fit)[[g]]))), 6))))
  first <- sapply(groups, function(g) paste0('"', g, '": "', rownames(ranef(fit)[[g]])[1], '"'))
  ours <- if (m[4] == "") m[2] else m[4]
  out <- c(out, paste0(
    '{"data": "', m[1], '", "formula": "', ours, '", "reml": ', tolower(m[3]),
    ', "criterion": ', sprintf("%.12g", best$value),
    ', "fixed": ', number(fixef(fit)), ', "se": ', number(sqrt(diag(as.matrix(vcov(fit))))),
    ', "covariance": {', paste(levels, collapse = ", "), '}',
    ', "modes": {', paste(modes, collapse = ", "), '}',
    ', "first": {', paste(first, collapse = ", "), '}',
    ', "residual": ', sprintf("%.12g", sigma(fit)^2), ', "singular": ', tolower(isSingular(fit)),
    ', "aic": ', sprintf("%.12g", AIC(fit)), ', "bic": ', sprintf("%.12g", BIC(fit)),
    ', "n": ', nobs(fit), '}'))
}
cat('{"program": "lme4 ', as.character(packageVersion("lme4")), ', R ',
    as.character(getRversion()), '",\n "fits": [\n', paste(out, collapse = ",\n"), "\n]}\n", sep = "")
