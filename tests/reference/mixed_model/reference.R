# Reference values of lme4: Rscript reference.R FOLDER > values.json
# FOLDER holds the files that `python cases.py FOLDER` writes.
# The optimiser's tolerances are tightened so that estimates are exact to about 1e-8;
# several optimisers and starts are tried and the lowest criterion is kept.
suppressMessages(library(lme4))
folder <- commandArgs(TRUE)[1]
control <- function(optimizer, opt) lmerControl(
  optimizer = optimizer, optCtrl = opt, calc.derivs = FALSE,
  check.conv.singular = "ignore", check.nobs.vs.nRE = "ignore", check.scaleX = "ignore")
controls <- list(
  control("bobyqa", list(rhobeg = 0.2, rhoend = 1e-10, maxfun = 1e5)),
  control("nloptwrap", list(algorithm = "NLOPT_LN_BOBYQA", xtol_abs = 1e-12, ftol_abs = 1e-13,
                            xtol_rel = 0, ftol_rel = 0, maxeval = 1e5)))
number <- function(x) paste0("[", paste(sprintf("%.12g", x), collapse = ", "), "]")
models <- list(
  c("unbalanced", "y ~ t + x + (1 + t | id)", "TRUE"),
  c("unbalanced", "y ~ t + x + (1 + t | id)", "FALSE"),
  c("unbalanced", "y ~ t + x + (1 + t || id)", "TRUE"),
  c("unbalanced", "y ~ t + x + (0 + t | id)", "TRUE"),
  c("unbalanced", "y ~ t + I(t^2) + x + (1 | id)", "TRUE"),
  c("unbalanced", "y ~ 0 + t + (1 + t | id)", "FALSE"),
  c("unbalanced", "y ~ t + x + (1 + t + x | id)", "TRUE"),
  c("singular", "y ~ t + (1 + t | id)", "TRUE"),
  c("singular", "y ~ t + (1 + t | id)", "FALSE"),
  c("no_slope", "y ~ t + x + (1 + t || id)", "TRUE"),
  c("no_slope", "y ~ t + x + (1 + t + x | id)", "TRUE"),
  c("zero", "y ~ t + (1 | id)", "TRUE"),
  c("zero", "y ~ t + (1 + t | id)", "TRUE"),
  c("far", "y ~ t + (1 + t | id)", "TRUE"),
  c("far", "y ~ t + I(t^2) + (1 | id)", "FALSE"))
out <- character(0)
for (m in models) {
  data <- read.csv(file.path(folder, paste0(m[1], ".csv")))
  shift <- if (m[1] == "far") 2020 else 0  # lme4 loses digits at such offsets
  data$t <- data$t - shift
  best <- NULL
  for (k in controls) for (start in c(1, 0.3)) {
    formula <- as.formula(m[2])
    fit <- try(suppressWarnings({
      q <- length(getME(lFormula_start <- lmer(formula, data, REML = m[3] == "TRUE",
        control = k), "theta"))
      lmer(formula, data, REML = m[3] == "TRUE", control = k,
           start = getME(lFormula_start, "theta") * start)
    }), silent = TRUE)
    if (inherits(fit, "try-error")) next
    value <- if (m[3] == "TRUE") REMLcrit(fit) else -2 * as.numeric(logLik(fit))
    if (is.null(best) || value < best$value) best <- list(value = value, fit = fit)
  }
  fit <- best$fit
  blocks <- VarCorr(fit)
  covariance <- as.matrix(Matrix::bdiag(lapply(blocks, function(b) unclass(b)[, , drop = FALSE])))
  out <- c(out, paste0(
    '{"data": "', m[1], '", "formula": "', gsub("\\^", "**", m[2]), '", "shift": ', shift, ', "reml": ', tolower(m[3]),
    ', "criterion": ', sprintf("%.12g", best$value),
    ', "fixed": ', number(fixef(fit)), ', "se": ', number(sqrt(diag(as.matrix(vcov(fit))))),
    ', "terms": ["', paste(names(fixef(fit)), collapse = '", "'), '"]',
    ', "covariance": ', number(as.vector(t(covariance))),
    ', "residual": ', sprintf("%.12g", sigma(fit)^2),
    ', "singular": ', tolower(isSingular(fit)),
    ', "loglik": ', sprintf("%.12g", as.numeric(logLik(fit))),
    ', "aic": ', sprintf("%.12g", AIC(fit)), ', "bic": ', sprintf("%.12g", BIC(fit)),
    ', "modes": ', number(head(as.vector(t(as.matrix(do.call(cbind, ranef(fit)[1])))), 6)),
    ', "n": ', nobs(fit), '}'))
}
cat('{"program": "lme4 ', as.character(packageVersion("lme4")), ', R ',
    as.character(getRversion()), '",\n "fits": [\n', paste(out, collapse = ",\n"), "\n]}\n", sep = "")
