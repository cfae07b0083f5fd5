# Reference values of lme4 with case weights: Rscript weights.R FOLDER > weights.json
# FOLDER holds the files that `python cases.py FOLDER` writes; the weights are .5 + (row mod 5).
suppressMessages(library(lme4))
folder <- commandArgs(TRUE)[1]
data <- read.csv(file.path(folder, "unbalanced.csv"))
data$w <- 0.5 + (seq_len(nrow(data)) %% 5)
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.2, rhoend = 1e-10, maxfun = 1e5),
                       calc.derivs = FALSE, check.conv.singular = "ignore")
number <- function(x) paste0("[", paste(sprintf("%.12g", x), collapse = ", "), "]")
out <- character(0)
for (reml in c(TRUE, FALSE)) for (formula in c("y ~ t + x + (1 + t | id)", "y ~ t + (1 | id)")) {
  fit <- lmer(as.formula(formula), data, weights = w, REML = reml, control = control)
  covariance <- as.matrix(Matrix::bdiag(lapply(VarCorr(fit), function(b) unclass(b)[, , drop = FALSE])))
  out <- c(out, paste0(
    '{"formula": "', formula, '", "reml": ', tolower(reml),
    ', "criterion": ', sprintf("%.12g", if (reml) REMLcrit(fit) else -2 * as.numeric(logLik(fit))),
    ', "fixed": ', number(fixef(fit)), ', "se": ', number(sqrt(diag(as.matrix(vcov(fit))))),
    ', "covariance": ', number(as.vector(t(covariance))),
    ', "residual": ', sprintf("%.12g", sigma(fit)^2),
    ', "aic": ', sprintf("%.12g", AIC(fit)), ', "bic": ', sprintf("%.12g", BIC(fit)),
    ', "modes": ', number(head(as.vector(t(as.matrix(do.call(cbind, ranef(fit)[1])))), 6)), '}'))
}
cat('{"program": "lme4 ', as.character(packageVersion("lme4")), ', R ',
    as.character(getRversion()), '",\n "fits": [\n', paste(out, collapse = ",\n"), "\n]}\n", sep = "")
